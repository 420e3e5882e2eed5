"""A TTL cache of database reads: every process sees a moved alias or a revoked key within half a second.

The age of an entry counts from *before* its read, so that every request that starts half a second after a committed
change sees it. An expired entry is not served while the database is down.
"""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from store.database import Connection, Database

KEPT_SECONDS = 0.5
MOST_ENTRIES = 4096

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class TtlCache(Generic[Key, Value]):
    """Values by key, none older than `seconds`.

    Units: `seconds` in seconds.
    """

    def __init__(
        self, database: Database, read: Callable[[Connection, Key], Value], seconds: float = KEPT_SECONDS
    ) -> None:
        self._database = database
        self._read = read
        self._seconds = seconds
        self._entries: dict[Key, tuple[float, Value | None]] = {}

    def get(self, key: Key) -> Value:
        """Return the cached value, or read it.

        Raises: the errors of the read; DatabaseError during an outage.
        """
        begun = time.monotonic()
        since, value = self._entries.get(key, (0.0, None))
        if value is not None and begun - since <= self._seconds:
            return value
        with self._database.read() as connection:
            value = self._read(connection, key)
        self._store(key, begun, value)
        return value

    def last(self, key: Key) -> Value | None:
        """Return the value that was read last, however old; None if there is none."""
        return self._entries.get(key, (0.0, None))[1]

    def forget(self, key: Key) -> None:
        """Read the key again next time, because this process has changed its value."""
        self._entries[key] = (time.monotonic(), None)

    def _store(self, key: Key, since: float, value: Value | None) -> None:
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.clear()
        # A slow thread must not overwrite the newer value of another.
        if self._entries.get(key, (0.0, None))[0] <= since:
            self._entries[key] = (since, value)
