"""Aliases: movable pointers such as `champion`; every move is recorded (T13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from store.audit import LOCAL, record_action
from store.clock import now
from store.errors import NotFoundError, StaleRevisionError
from store.keys import may_still
from store.pages import Page, after_token, read_page
from store.registry.versions import hold_version
from store.rows import AliasMoveRow, AliasRow, columns_of, read_all, read_first
from store.tables import alias_moves, aliases, jobs, models
from store.upsert import upsert_into
from store.webhooks.announce import announce_move


@dataclass(frozen=True)
class Promotion:
    """An alias to move in the transaction that adds a version: from `revision`, or from any if that is None.

    Revision 0 means that the alias must not exist yet. `gate` holds the comparison with the champion, if there was one.
    """

    alias: str
    revision: int | None = None
    gate: Mapping[str, object] | None = None


@dataclass(frozen=True)
class NotPromoted:
    """The comparison after which an alias was not moved, with the reason."""

    gate: Mapping[str, object]


def find_alias(connection: Connection, model: str, alias: str) -> AliasRow | None:
    """Return the alias, if there is one of this name."""
    return read_first(connection, AliasRow, _query(model).where(aliases.c.alias == alias))


def get_alias(connection: Connection, model: str, alias: str) -> AliasRow:
    """Return the alias.

    Raises: NotFoundError.
    """
    row = find_alias(connection, model, alias)
    if row is None:
        if connection.execute(select(models.c.name).where(models.c.name == model)).first() is None:
            raise NotFoundError(f"there is no model '{model}'")
        raise NotFoundError(f"model '{model}' has no alias '{alias}'; set it with PUT …/aliases/{alias}")
    return row


def list_aliases(connection: Connection, model: str) -> Sequence[AliasRow]:
    """Return the model's aliases by name."""
    return read_all(connection, AliasRow, _query(model).order_by(aliases.c.alias))


def _query(model: str) -> Select[Any]:
    return select(*columns_of(AliasRow, aliases)).where(aliases.c.model == model)


@dataclass(frozen=True)
class AliasUpdate:
    """A move of an alias to `version`, from `revision` (0: the alias is new), by a key.

    `request` is unique to this request and finds a COMMIT whose answer was lost. `undoes` is the revision that a
    rollback undoes. `job_id` is the training that moves the alias for the key that submitted it.
    """

    version: int
    revision: int
    by: str
    request: str | None = None
    undoes: int | None = None
    job_id: str | None = None


def move_alias(connection: Connection, model: str, alias: str, move: AliasUpdate) -> int:
    """Move the alias if it is still at the given revision; return the new revision.

    Raises: NotFoundError where there is no such version; StaleRevisionError where another request moved it first.
    """
    hold_version(connection, model, move.version)
    before = connection.execute(
        select(aliases).where(aliases.c.model == model, aliases.c.alias == alias).with_for_update()
    ).first()
    if move.revision != (before.revision if before else 0):
        at = f"it is at revision {before.revision}, version {before.version}" if before else "it does not exist"
        raise StaleRevisionError(f"alias '{alias}' of model '{model}' is not at revision {move.revision}: {at}")
    write = _move if before else _create
    if not write(connection, model, alias, move):
        raise StaleRevisionError(f"alias '{alias}' of model '{model}' was moved by another request at this moment")
    connection.execute(
        insert(alias_moves).values(
            model=model,
            alias=alias,
            revision=move.revision + 1,
            from_version=before.version if before else None,
            to_version=move.version,
            moved_by=move.by,
            moved_at=select(aliases.c.moved_at)
            .where(aliases.c.model == model, aliases.c.alias == alias)
            .scalar_subquery(),
            undoes=move.undoes,
            request=move.request,
            job_id=move.job_id,
        )
    )
    facts = {"from": before.version if before else None, "to": move.version, "revision": move.revision + 1}
    facts |= {"job": move.job_id} if move.job_id else {}
    record_action(connection, "alias.moved", f"{model}/{alias}", by=move.by, data=facts)
    announce_move(connection, model, alias, move.revision + 1)
    return move.revision + 1


def moved_by_request(connection: Connection, model: str, alias: str, request: str) -> bool:
    """Return whether this request has moved the alias already, by a COMMIT whose answer was lost."""
    query = select(alias_moves.c.id).where(
        alias_moves.c.model == model, alias_moves.c.alias == alias, alias_moves.c.request == request
    )
    return connection.execute(query).first() is not None


def _create(connection: Connection, model: str, alias: str, move: AliasUpdate) -> bool:
    statement = (
        upsert_into(connection, aliases)
        .values(model=model, alias=alias, version=move.version, revision=1)
        .on_conflict_do_nothing()
        .returning(aliases.c.revision)
    )
    return connection.execute(statement).first() is not None


def _move(connection: Connection, model: str, alias: str, move: AliasUpdate) -> bool:
    statement = (
        update(aliases)
        .where(aliases.c.model == model, aliases.c.alias == alias, aliases.c.revision == move.revision)
        .values(version=move.version, revision=move.revision + 1, moved_at=now())
        .returning(aliases.c.revision)
    )
    return connection.execute(statement).first() is not None


def promote(connection: Connection, job_id: str, version: int, promotion: Promotion) -> str | None:
    """Move the alias to the version that this job's transaction adds; return the reason if it is not moved.

    The key that submitted the job moves it, so that key must be valid and have the scope `promote` now. The caller
    holds the lock of the model's row, so promotions run one after another. An alias that was moved by hand meanwhile
    stays.
    """
    model, owner = connection.execute(select(jobs.c.model, jobs.c.owner).where(jobs.c.id == job_id)).one()
    if not may_still(connection, owner, "promote"):
        return f"key {owner}, which submitted the job, is no longer valid or lacks the scope 'promote'"
    moved_meanwhile = f"'{promotion.alias}' was moved by somebody else meanwhile"
    current = connection.execute(
        select(aliases.c.revision).where(aliases.c.model == model, aliases.c.alias == promotion.alias)
    ).scalar_one_or_none()
    revision = current or 0
    if promotion.revision is not None and promotion.revision != revision:
        return moved_meanwhile
    try:
        move_alias(connection, model, promotion.alias, AliasUpdate(version, revision, owner or LOCAL, job_id=job_id))
    except StaleRevisionError:
        return moved_meanwhile
    return None


def alias_history(
    connection: Connection, model: str, alias: str, *, page_size: int, page_token: str | None = None
) -> Page[AliasMoveRow]:
    """Return a page of the alias's moves, the newest first.

    Raises: NotFoundError where there is no such alias; PageTokenError.
    """
    get_alias(connection, model, alias)
    query = (
        select(*columns_of(AliasMoveRow, alias_moves))
        .where(alias_moves.c.model == model, alias_moves.c.alias == alias)
        .order_by(alias_moves.c.revision.desc())
    )
    if page_token is not None:
        query = query.where(alias_moves.c.revision < after_token(page_token, whole=True))
    return read_page(connection, AliasMoveRow, query, page_size, lambda row: str(row.revision))
