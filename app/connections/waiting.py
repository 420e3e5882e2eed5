"""Connections that wait for something, the first to give up on first."""

from collections.abc import Iterator
from typing import Any


class Waiting:
    """Connections in the order they were added, which is that of their deadlines where all wait equally long."""

    def __init__(self) -> None:
        self._until: dict[Any, float] = {}

    def __contains__(self, connection: object) -> bool:
        """Tell whether this connection waits here."""
        return connection in self._until

    def __len__(self) -> int:
        """Return how many wait here."""
        return len(self._until)

    def add(self, connection: Any, until: float) -> None:
        """Let a connection wait until then."""
        self._until[connection] = until

    def remove(self, connection: Any) -> bool:
        """Take a connection out, and tell whether it was here."""
        return self._until.pop(connection, None) is not None

    def first(self) -> Any | None:
        """Return who has waited for longest."""
        return next(iter(self._until), None)

    def expired(self, now: float) -> Iterator[Any]:
        """Yield those whose time is over; each is still here."""
        while (connection := self.first()) is not None and self._until[connection] <= now:
            yield connection
