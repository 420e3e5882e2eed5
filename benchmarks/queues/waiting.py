"""Waits with a time limit, and prints progress."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

BEGUN = time.monotonic()


def say(text: str) -> None:
    """Print the current action and the seconds since the start."""
    print(f"{time.monotonic() - BEGUN:5.0f} s  {text}", file=sys.stderr, flush=True)


def wait_for(condition: Callable[[], T], what: str, seconds: float = 60.0, pause: float = 0.005) -> T:
    """Return the result of the condition when it is true; exit after too long a wait."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds:.0f} s; nothing was written")
        time.sleep(pause)
    return found


def stop(processes: Sequence[subprocess.Popen[bytes]], seconds: float = 45.0) -> None:
    """Terminate the processes; kill those that take too long."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            say(f"process {process.pid} did not end within {seconds:.0f} s and is killed")
            process.kill()
            process.wait()
