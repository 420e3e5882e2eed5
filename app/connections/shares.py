"""Which process takes the next connection: the one that holds the fewest.

All processes wait for connections. Without this, whichever wakes up first takes a burst of them whole, and answers
their requests alone for as long as the clients keep them, while the others have nothing to do.
"""

import mmap
import time

ASIDE_SECONDS = 0.02  # for a process that holds fewer connections to take the next
AGAIN_SECONDS = 1.0  # for a process that took none, to be asked again
PLACES = 1024
_NOBODY = 0  # else the connections held, and one


class Shares:
    """How many connections each process holds, in memory that all share who were forked from the one that made it."""

    def __init__(self) -> None:
        self._held = memoryview(mmap.mmap(-1, PLACES * 4)).cast("i")

    def of(self, process: int) -> "Share":
        """Return the share of a process; two whose numbers collide only share less evenly."""
        return Share(self._held, process % PLACES)


class Share:
    """What one process holds, beside what the others do.

    Example:
        >>> shares = Shares()
        >>> mine, yours = shares.of(1), shares.of(2)
        >>> mine.tell(3), yours.tell(2)
        (None, None)
        >>> yours.stand_aside(), mine.stand_aside(), mine.aside_seconds > 0
        (False, True, True)
    """

    def __init__(self, held: memoryview, place: int) -> None:
        self._held = held
        self._place = place
        self._aside_until = self._busy_until = 0.0
        self._left_to: list[tuple[int, int]] = []

    def tell(self, connections: int) -> None:
        """Say that this process holds so many connections, and takes more."""
        self._held[self._place] = connections + 1

    def leave(self) -> None:
        """Say that this process takes no more."""
        self._held[self._place] = _NOBODY

    def stand_aside(self) -> bool:
        """Tell whether to leave the next connection to those that hold fewer; where they take none, not again soon."""
        now, held = time.monotonic(), self._held.tolist()
        fewer = [(place, number) for place, number in enumerate(held) if _NOBODY < number < held[self._place]]
        if self._aside_until and fewer == self._left_to:
            self._busy_until = now + AGAIN_SECONDS
        aside = bool(fewer) and (fewer != self._left_to or now >= self._busy_until)
        self._left_to, self._aside_until = fewer, now + ASIDE_SECONDS if aside else 0.0
        return aside

    @property
    def aside_seconds(self) -> float:
        """How long still to look for no connection."""
        return max(0.0, self._aside_until - time.monotonic())
