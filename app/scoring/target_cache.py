"""A cache of which version scores: where an alias points, as the database said it in the last half second."""

from app.edge.ttl_cache import KEPT_SECONDS, TtlCache
from store.database import Connection, Database
from store.registry.resolve import ResolvedVersion, resolve_alias, resolve_version

VERSION_SECONDS = 60.0
"""How long a version is known. It never changes; but a database may be restored from a backup that lacks it."""


class TargetCache:
    """Where aliases point, and what versions hold.

    Units: `seconds` in seconds, for aliases.
    """

    def __init__(self, database: Database, seconds: float = KEPT_SECONDS) -> None:
        self._aliases: TtlCache[tuple[str, str], ResolvedVersion] = TtlCache(database, _alias, seconds)
        self._versions: TtlCache[tuple[str, int], ResolvedVersion] = TtlCache(database, _version, VERSION_SECONDS)

    def by_alias(self, model: str, alias: str) -> ResolvedVersion:
        """Return what an alias points at.

        Raises: NotFoundError; DatabaseError where it cannot be told.
        """
        return _there(self._aliases.get((model, alias)))

    def by_version(self, model: str, version: int) -> ResolvedVersion:
        """Return the version of a number.

        Raises: NotFoundError; DatabaseError where it cannot be told.
        """
        return _there(self._versions.get((model, version)))

    def forget(self, model: str, alias: str) -> None:
        """Look again next time: this process has moved the alias itself."""
        self._aliases.forget((model, alias))


def _alias(connection: Connection, place: tuple[str, str]) -> ResolvedVersion:
    return resolve_alias(connection, *place)


def _version(connection: Connection, place: tuple[str, int]) -> ResolvedVersion:
    return resolve_version(connection, *place)


def _there(target: ResolvedVersion | None) -> ResolvedVersion:
    assert target is not None  # noqa: S101 - the look raises where there is none
    return target
