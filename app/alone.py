"""Answers that take seconds: one thread of a process at a time, so that the others are left to everybody else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import BusyError


class Alone:
    """A place for one."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Hold the place for as long as the block.

        Raises: BusyError where another request holds it.
        """
        if not self._lock.acquire(blocking=False):
            raise BusyError(f"this process is {self._what} for another request; come back in a moment")
        try:
            yield
        finally:
            self._lock.release()
