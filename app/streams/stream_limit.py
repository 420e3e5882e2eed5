"""The streams of one process: how many there may be, and when they look for news."""

from collections.abc import Callable
from dataclasses import dataclass

from app.edge.concurrency_limit import ConcurrencyLimit
from app.errors import StreamsError


@dataclass(frozen=True)
class Rhythm:
    """When a stream looks for news, gives a sign of life, and ends, and how long it waits for a reader.

    Units: seconds.
    """

    poll: float = 0.5
    sign_of_life: float = 15.0
    longest: float = 600.0
    patience: float = 10.0


class StreamLimit(ConcurrencyLimit):
    """At most a quarter of a process's threads; each stream holds one as long as it lasts."""

    def __init__(self, threads: int, rhythm: Rhythm | None = None) -> None:
        most = threads // 4
        super().__init__(
            most,
            f"this process keeps {most} streams open at most (a quarter of EBB_WEB_THREADS), and has them: "
            "come back later, or poll the job",
            StreamsError,
        )
        self.rhythm = rhythm or Rhythm()
        self._alive: Callable[[], bool] = lambda: True

    @property
    def going(self) -> bool:
        """Whether streams may go on: not once their process is to end."""
        return self._alive()

    def end_with(self, alive: Callable[[], bool]) -> None:
        """Let streams end once `alive` says no; clients then take them up again elsewhere."""
        self._alive = alive
