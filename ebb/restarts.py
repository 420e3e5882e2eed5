"""Restart policy: exponential backoff for a process that keeps dying soon after its start, with a limit."""

from dataclasses import dataclass, field


@dataclass
class Restarts:
    """The restart delays of a service's processes.

    After a process has lived for `well_seconds`, its delay starts at the first one again. `most` is how many times in a
    row a process may die sooner.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 30.0
    well_seconds: float = 60.0
    most: int = 8
    _young: dict[str, int] = field(default_factory=dict)

    def delay(self, name: str, lived_seconds: float) -> float | None:
        """Return the delay before this process is restarted; None after too many restarts.

        Example:
            >>> restarts = Restarts(most=3)
            >>> [restarts.delay("worker", lived) for lived in (5000.0, 0.1, 0.1, 90.0, 0.1, 0.1, 0.1)]
            [1.0, 1.0, 2.0, 1.0, 1.0, 2.0, None]
        """
        self._young[name] = self._young.get(name, 0) + 1 if lived_seconds < self.well_seconds else 0
        if self._young[name] >= self.most:
            return None
        return float(min(self.first_seconds * 2 ** max(self._young[name] - 1, 0), self.longest_seconds))
