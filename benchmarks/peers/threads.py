"""Assigns processors to the threads of a measurement."""

import os
import threading
from pathlib import Path

TASKS = Path("/proc/self/task")  # Linux only
DELAY = 0.01  # seconds until a training has started all its threads


def settle(threads: int) -> None:
    """Limit this process to a number of processors. Call it before JAX is loaded, which has no other setting."""
    if TASKS.exists():
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


class Placing:
    """Assigns each new thread to its own processor. The scheduler of a busy machine leaves them all on one."""

    def __init__(self) -> None:
        self._processors = sorted(os.sched_getaffinity(0)) if TASKS.exists() else []
        self._placed = {threading.main_thread().native_id}
        if len(self._processors) > 1:
            os.sched_setaffinity(0, self._processors[:1])

    def soon(self) -> None:
        """Assign the threads that a training starts."""
        if len(self._processors) > 1:
            threading.Timer(DELAY, self._place).start()

    def _place(self) -> None:
        others = {int(entry.name) for entry in TASKS.iterdir()} - self._placed - {threading.get_native_id()}
        for i, thread in enumerate(sorted(others), start=1):
            os.sched_setaffinity(thread, {self._processors[i % len(self._processors)]})
        self._placed |= others
