"""The threads that answer: no more of them at once than it takes.

Python runs one thread of a process at a time. Several that all have something to run take the processor from each other
in the middle of it; so a second one starts only where the first, as it waits for the database or a large batch, has not
taken up anything for a moment. What has waited for longest goes to the thread that was busy last.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Generic, TypeVar

PATIENCE_SECONDS = 0.002
Work = TypeVar("Work")


class Threads(Generic[Work]):
    """Some threads that do one thing with all they are given; `do` must not raise.

    The standard library's executor makes a future of each piece of work, and its queue wakes a second thread whenever
    one takes something out; both take longer than handing it over.
    """

    def __init__(self, number: int, do: Callable[[Work], None]) -> None:
        self._do = do
        self._number = number
        self._waiting: deque[Work] = deque()
        self._idle: list[threading.Lock] = []  # each is released to wake its thread
        self._taken_up = 0.0
        self._guard = threading.RLock()  # a signal may have the thread that gives shut down
        self._open = True
        for _ in range(number):
            threading.Thread(target=self._work, daemon=True).start()  # one that hangs keeps no process alive

    @property
    def busy(self) -> int:
        """How many threads do something, or are about to."""
        return self._number - len(self._idle)

    @property
    def free(self) -> bool:
        """Whether a thread has nothing to do."""
        return bool(self._idle)

    def give(self, work: Work) -> None:
        """Have this done: by a thread that is busy and will be free in a moment, or else by another."""
        with self._guard:
            self._waiting.append(work)
            if not self.busy:
                self._wake()

    def take_left(self) -> Work | None:
        """Return what has waited for longest, where no thread is free to do it."""
        with self._guard:
            return self._waiting.popleft() if self._waiting and not self._idle else None

    def hurry(self) -> float:
        """Wake a further thread if something has waited for too long; return after how many seconds to ask again."""
        with self._guard:
            if not self._waiting or not self._idle:
                return inf
            patience = self._taken_up + PATIENCE_SECONDS - time.monotonic()
            if patience > 0:
                return patience
            self._wake()
            return PATIENCE_SECONDS

    def shutdown(self, *, wait: bool) -> None:
        """Let the threads end once nothing waits."""
        with self._guard:
            self._open = False
            while self._idle:
                self._wake()

    def _wake(self) -> None:
        self._taken_up = time.monotonic()
        self._idle.pop().release()

    def _work(self) -> None:
        bell = threading.Lock()
        bell.acquire()
        while True:
            with self._guard:
                work = self._waiting.popleft() if self._waiting else None
                if work is not None:
                    self._taken_up = time.monotonic()
                elif self._open:
                    self._idle.append(bell)
                else:
                    return
            if work is None:
                bell.acquire()
            else:
                self._do(work)
