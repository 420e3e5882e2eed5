"""Which estimator scores: where an alias points, looked up no longer ago than half a second (T13).

An answer is only as old as the moment *before* its look-up began, so that a move which was answered earlier is seen by
every request that starts half a second later. Where the database does not answer meanwhile, nobody is scored.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from store.database import Connection, Database
from store.registry.targets import Target, by_alias, by_version

FRESH_SECONDS = 0.5
MOST_KEPT = 4096


@dataclass(frozen=True)
class _Seen:
    """What was found, and since when it is known to hold."""

    target: Target | None
    since: float


class Pointers:
    """Where aliases point and what versions hold, as this process saw it last.

    Units: `fresh_seconds` in seconds, after which the database is asked again.
    """

    def __init__(self, database: Database, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._database = database
        self._fresh_seconds = fresh_seconds
        self._seen: dict[tuple[str, str | int], _Seen] = {}

    def by_alias(self, model: str, alias: str) -> Target:
        """Return what the alias points at.

        Raises: NotFoundError; DatabaseError where it cannot be told.
        """
        return self._fresh(model, alias, lambda connection: by_alias(connection, model, alias))

    def by_version(self, model: str, version: int) -> Target:
        """Return the version of this number.

        Raises: NotFoundError; DatabaseError where it cannot be told.
        """
        return self._fresh(model, version, lambda connection: by_version(connection, model, version))

    def forget(self, model: str, alias: str) -> None:
        """Ask the database again next time: this process has moved the alias itself."""
        self._seen[model, alias] = _Seen(None, time.monotonic())

    def _fresh(self, model: str, pointer: str | int, look: Callable[[Connection], Target]) -> Target:
        begun = time.monotonic()
        seen = self._seen.get((model, pointer))
        if seen is not None and seen.target is not None and begun - seen.since <= self._fresh_seconds:
            return seen.target
        with self._database.read() as connection:
            target = look(connection)
        self._keep((model, pointer), _Seen(target, begun))
        return target

    def _keep(self, key: tuple[str, str | int], new: _Seen) -> None:
        if len(self._seen) >= MOST_KEPT:
            self._seen.clear()
        # A thread that looked earlier and was held up must not overwrite what another has seen since.
        old = self._seen.get(key)
        if old is None or old.since < new.since:
            self._seen[key] = new
