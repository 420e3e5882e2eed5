"""Registered models, versions and aliases in requests and answers."""

import msgspec

from app.schemas.field_types import Time, VersionNumber


class Alias(msgspec.Struct, frozen=True):
    """A movable pointer to a version; its revision is its entity tag."""

    model: str
    alias: str
    version: int
    revision: int
    moved_at: Time


class AliasMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an alias is to point."""

    version: VersionNumber


class Move(msgspec.Struct, frozen=True):
    """One move of an alias; `undoes` is the revision that a rollback undid, `job` the training that moved it."""

    revision: int
    from_version: int | None
    to_version: int
    moved_by: str
    moved_at: Time
    undoes: int | None
    job: str | None


class MovePage(msgspec.Struct, frozen=True):
    """Some moves of an alias, the latest first."""

    moves: list[Move]
    next_page_token: str | None
