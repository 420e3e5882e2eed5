"""The limit of open streams in one process, and the intervals of each stream."""

from collections.abc import Callable
from dataclasses import dataclass

from app.errors import StreamsError
from app.limits.concurrency_limit import ConcurrencyLimit


@dataclass(frozen=True)
class Intervals:
    """The intervals of a stream.

    It polls, sends a comment after `keepalive_seconds` without an event, and ends after `max_seconds`. A client that
    reads nothing for `write_seconds` is disconnected.
    """

    poll_seconds: float = 0.5
    keepalive_seconds: float = 15.0
    max_seconds: float = 600.0
    write_seconds: float = 10.0


class StreamLimit(ConcurrencyLimit):
    """Admits streams up to a quarter of the process's threads; each stream holds a thread until it ends."""

    def __init__(self, threads: int, intervals: Intervals | None = None) -> None:
        most = threads // 4
        super().__init__(
            most,
            f"this process has {most} open streams, which is the limit (a quarter of EBB_WEB_THREADS): "
            "come back later, or poll the job",
            StreamsError,
        )
        self.intervals = intervals or Intervals()
        self._alive: Callable[[], bool] = lambda: True

    @property
    def may_continue(self) -> bool:
        """Whether streams may continue; False once the process is about to end."""
        return self._alive()

    def end_with(self, alive: Callable[[], bool]) -> None:
        """End streams once `alive` returns False; their clients resume them in another process."""
        self._alive = alive
