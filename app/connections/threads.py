"""The threads that answer: what has waited for longest goes to the thread that was busy last."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Work = TypeVar("Work")


class Threads(Generic[Work]):
    """Some threads that do one thing with all they are given; `do` must not raise.

    The standard library's executor makes a future of each piece of work, and its queue wakes a second thread whenever
    one takes something out; both take longer than handing it over.
    """

    def __init__(self, number: int, do: Callable[[Work], None]) -> None:
        self._do = do
        self._waiting: deque[Work] = deque()
        self._idle: list[threading.Lock] = []  # each is released to wake its thread
        self._guard = threading.RLock()  # a signal may have the thread that gives shut down
        self._open = True
        for _ in range(number):
            threading.Thread(target=self._work, daemon=True).start()  # one that hangs keeps no process alive

    def give(self, work: Work) -> None:
        """Have this done by the next thread that is free."""
        with self._guard:
            self._waiting.append(work)
            bell = self._idle.pop() if self._idle else None
        if bell is not None:
            bell.release()

    def shutdown(self, *, wait: bool) -> None:
        """Let the threads end once nothing waits."""
        with self._guard:
            self._open, idle, self._idle = False, self._idle, []
        for bell in idle:
            bell.release()

    def _work(self) -> None:
        bell = threading.Lock()
        bell.acquire()
        while True:
            with self._guard:
                work = self._waiting.popleft() if self._waiting else None
                if work is None:
                    if not self._open:
                        return
                    self._idle.append(bell)
            if work is None:
                bell.acquire()
            else:
                self._do(work)
