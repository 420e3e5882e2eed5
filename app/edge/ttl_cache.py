"""What the database said, for half a second: aliases that move and keys that are revoked are obeyed everywhere by then.

What is kept is only as old as the moment *before* its look began, so that a change which was answered earlier is seen
by every request that starts half a second later. Where the database does not answer meanwhile, neither does this.
"""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from store.database import Connection, Database

KEPT_SECONDS = 0.5
MOST_KEPT = 4096

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class TtlCache(Generic[Key, Value]):
    """Answers of the database by what was asked, none older than `seconds`; None is asked for again each time.

    Units: `seconds` in seconds.
    """

    def __init__(
        self, database: Database, look: Callable[[Connection, Key], Value | None], seconds: float = KEPT_SECONDS
    ) -> None:
        self._database = database
        self._look = look
        self._seconds = seconds
        self._seen: dict[Key, tuple[float, Value | None]] = {}

    def get(self, key: Key) -> Value | None:
        """Return what the database said lately, or says now.

        Raises: what the look raises; DatabaseError where it cannot be told.
        """
        begun = time.monotonic()
        since, value = self._seen.get(key, (0.0, None))
        if value is not None and begun - since <= self._seconds:
            return value
        with self._database.read() as connection:
            value = self._look(connection, key)
        self._keep(key, begun, value)
        return value

    def last(self, key: Key) -> Value | None:
        """Return what the database said last, however long ago; None where it never said anything."""
        return self._seen.get(key, (0.0, None))[1]

    def forget(self, key: Key) -> None:
        """Ask the database again next time: this process has changed the answer itself."""
        self._seen[key] = (time.monotonic(), None)

    def _keep(self, key: Key, since: float, value: Value | None) -> None:
        if len(self._seen) >= MOST_KEPT:
            self._seen.clear()
        # A thread that looked earlier and was held up must not overwrite what another has seen since.
        if self._seen.get(key, (0.0, None))[0] <= since:
            self._seen[key] = (since, value)
