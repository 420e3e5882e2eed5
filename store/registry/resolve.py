"""Resolves the version of a scoring request, and the digest of its estimator, in one query."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from store.registry.aliases import get_alias
from store.registry.versions import estimator_digest
from store.tables import aliases, versions


@dataclass(frozen=True)
class ResolvedVersion:
    """A version, and the digest by which a cached estimator is known to be its."""

    model: str
    version: int
    digest: str


def resolve_version(connection: Connection, model: str, version: int) -> ResolvedVersion:
    """Return the version of this number.

    Raises: NotFoundError.
    """
    return ResolvedVersion(model, version, estimator_digest(connection, model, version))


def resolve_alias(connection: Connection, model: str, alias: str) -> ResolvedVersion:
    """Return the version that the alias points at.

    Raises: NotFoundError.
    """
    query = select(aliases.c.version, versions.c.weights_sha256).join_from(
        aliases, versions, (versions.c.model == aliases.c.model) & (versions.c.version == aliases.c.version)
    )
    row = connection.execute(query.where(aliases.c.model == model, aliases.c.alias == alias)).first()
    if row is None:
        return resolve_version(connection, model, get_alias(connection, model, alias).version)
    return ResolvedVersion(model, row.version, row.weights_sha256)
