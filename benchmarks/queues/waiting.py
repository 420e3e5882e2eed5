"""Waiting that ends: with what was waited for, or with a sentence; and a line for each step of the way."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

BEGUN = time.monotonic()


def say(text: str) -> None:
    """Print what is done now, and since when this runs."""
    print(f"{time.monotonic() - BEGUN:5.0f} s  {text}", file=sys.stderr, flush=True)


def wait_for(condition: Callable[[], T], what: str, seconds: float = 60.0, pause: float = 0.005) -> T:
    """Return what the condition returns once that is true; end everything where it takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds:.0f} s; nothing was written")
        time.sleep(pause)
    return found


def stop(processes: Sequence[subprocess.Popen[bytes]], seconds: float = 45.0) -> None:
    """End these processes in good order, and those that take too long at once."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            say(f"process {process.pid} did not end within {seconds:.0f} s and is killed")
            process.kill()
            process.wait()
