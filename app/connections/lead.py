"""Who runs a loop: the thread whose loop it is, and a stand-in while that one is held up by something else.

Most of what a loop hears of is done in less time than another thread takes to wake up for it, so the loop's own thread
had best do it itself; but it does not know beforehand what will take long. So it steps aside for all of it, which costs
next to nothing, and somebody looks every now and then whether it is held up.

Source: after the leader and followers of Schmidt, O'Ryan, Pyarali, Kircher and Buschmann (2000), but for one thing:
the lead is not handed on with each piece of work, it is taken from whoever is held up.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.002  # what is still being done at a second look is taken to be long
CALM_LOOKS = 50  # without anything being done, until nobody looks any more

Work = TypeVar("Work")


class Lead(Generic[Work]):
    """The lead in a loop, held by the thread that makes this until it steps aside.

    `stand_in` is one round of the loop, and `wake` ends such a round early.
    """

    def __init__(self, stand_in: Callable[[], None], wake: Callable[[], None]) -> None:
        self._stand_in = stand_in
        self._wake = wake
        self._held = threading.Lock()
        self._held.acquire()
        self._aside_since = 0.0
        self._watched = threading.Event()
        threading.Thread(target=self._watch, name="stand-in", daemon=True).start()

    def step_aside(self, do: Callable[[Work], object], work: Work) -> None:
        """Do something without the lead; where it takes long, the stand-in has it meanwhile, and gives it back."""
        self._aside_since = time.monotonic()
        self._held.release()
        if not self._watched.is_set():
            self._watched.set()
        try:
            do(work)
        finally:
            self._aside_since = 0.0
            if not self._held.acquire(blocking=False):
                self._wake()
                self._held.acquire()

    def _watch(self) -> None:
        calm = 0
        while True:
            since = self._aside_since
            calm = 0 if since else calm + 1
            if calm > CALM_LOOKS:
                self._watched.clear()
                if not self._aside_since:  # who steps aside says so before it looks whether it is watched
                    self._watched.wait()
                calm = 0
            time.sleep(LOOK_SECONDS)
            if since and since == self._aside_since:
                self._lead(since)

    def _lead(self, since: float) -> None:
        if not self._held.acquire(blocking=False):
            return  # it is just back
        try:
            while since == self._aside_since:
                self._stand_in()
        except Exception:  # the loop has to go on; the next look is soon
            log.exception("a round of the loop failed")
        finally:
            self._held.release()
