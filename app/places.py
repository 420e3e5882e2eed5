"""Concurrency limits of requests that hold a thread for seconds or longer, so that others find a free thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import AppError, BusyError


class Places:
    """Limits this process to `most` requests of one kind at a time."""

    def __init__(self, most: int, refusal: str, error: type[AppError] = BusyError) -> None:
        self._most = most
        self._refusal = refusal
        self._error = error
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """How many requests hold a place."""
        return self._taken

    def enter(self) -> None:
        """Take a place.

        Raises: BusyError, or the error given, where all are taken.
        """
        with self._lock:
            if self._taken >= self._most:
                raise self._error(self._refusal)
            self._taken += 1

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._taken -= 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a place as long as the block runs.

        Raises: as `enter` does.
        """
        self.enter()
        try:
            yield
        finally:
            self.leave()
