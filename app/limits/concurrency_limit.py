"""Concurrency limits for requests that hold a thread for seconds or longer, so that others find a free thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import AppError, ConcurrencyLimitError


class ConcurrencyLimit:
    """Admits at most `most` requests of one kind at a time in this process; the next waits for up to `wait`.

    Units: `wait` in seconds.
    """

    def __init__(
        self, most: int, refusal: str, error: type[AppError] = ConcurrencyLimitError, wait: float = 0.0
    ) -> None:
        self._most = most
        self._refusal = refusal
        self._error = error
        self._wait = wait
        self._taken = 0
        self._changed = threading.Condition()

    @property
    def taken(self) -> int:
        """The number of requests that hold a place."""
        return self._taken

    def enter(self) -> None:
        """Take a place.

        Raises: ConcurrencyLimitError, or the error given, if all places are taken.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._taken < self._most, self._wait):
                raise self._error(self._refusal)
            self._taken += 1

    def leave(self) -> None:
        """Give the place back."""
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a place while the block runs.

        Raises: the errors of `enter`.
        """
        self.enter()
        try:
            yield
        finally:
            self.leave()
