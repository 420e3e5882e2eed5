"""The places for streams: each holds a thread of its process for as long as it lasts, so there are few."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.errors import StreamsError


@dataclass(frozen=True)
class Rhythm:
    """When a stream looks for news, gives a sign of life, and ends; and how long it bears a client that does not read.

    Units: seconds.
    """

    poll: float = 0.5
    sign_of_life: float = 15.0
    longest: float = 600.0
    patience: float = 10.0


class Streams:
    """At most half of a process's threads, and with its uploads all but one, so that others always get an answer."""

    def __init__(self, threads: int, rhythm: Rhythm | None = None) -> None:
        self.most = threads // 2
        self._threads = threads
        self.rhythm = rhythm or Rhythm()
        self._open = 0
        self._lock = threading.Lock()
        self._alive: Callable[[], bool] = lambda: True
        self._uploads: Callable[[], int] = lambda: 0

    @property
    def going(self) -> bool:
        """Whether streams may go on: not once their process is to end."""
        return self._alive()

    @property
    def open(self) -> int:
        """How many there are."""
        return self._open

    def end_with(self, alive: Callable[[], bool]) -> None:
        """Let streams end once `alive` says no; clients then take them up again elsewhere."""
        self._alive = alive

    def beside(self, uploads: Callable[[], int]) -> None:
        """Mind how many other threads are held by uploads."""
        self._uploads = uploads

    def enter(self) -> None:
        """Take a place.

        Raises: StreamsError when all are taken.
        """
        with self._lock:
            if self._open >= self.most:
                raise StreamsError(
                    f"this process keeps {self.most} streams open at most (half of EBB_WEB_THREADS), and has them: "
                    "come back later, or poll the job"
                )
            if self._open + self._uploads() >= self._threads - 1:
                raise StreamsError("uploads hold the threads for more streams: come back later, or poll the job")
            self._open += 1

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._open -= 1
