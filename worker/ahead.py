"""The processes that attempts run in, one of them started ahead: an interpreter and numpy take most of a second.

The one that waits has nothing yet: no claim, no limits, no connection. It reads its claim from its standard input, runs
that attempt and ends; and it ends when the worker does, whose end of the pipe closes then, however it dies.
"""

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from store.children import ONE_BLAS_THREAD, start_listening
from store.jobs.claim import Claim
from store.settings import Settings

log = logging.getLogger(__name__)


class Children:
    """Starts a process for each claim; within `one_ahead`, the next one is started as soon as one is taken."""

    def __init__(self, settings: Settings) -> None:
        self._environ = {**os.environ, **settings.environ(), **ONE_BLAS_THREAD}
        self._lock = Lock()
        self._keeping = False
        self._ahead: subprocess.Popen[bytes] | None = None

    def start(self, claim: Claim) -> subprocess.Popen[bytes]:
        """Return a process that runs this attempt.

        Raises: OSError when none can be started.
        """
        with self._lock:
            child, self._ahead = self._ahead, None
            if child is None or not _tell(child, claim):
                child = self._new()
                _tell(child, claim)
            self._start_ahead()
        return child

    @contextmanager
    def one_ahead(self) -> Iterator[None]:
        """Keep one process waiting within the block, and none afterwards."""
        with self._lock:
            self._keeping = True
            self._start_ahead()
        try:
            yield
        finally:
            with self._lock:
                self._keeping = False
                if self._ahead is not None:
                    self._ahead.terminate()
                    _bury(self._ahead)
                    self._ahead = None

    def _start_ahead(self) -> None:
        if self._keeping:
            try:
                self._ahead = self._new()
            except OSError:
                log.exception("no process could be started ahead; the next attempt starts its own")

    def _new(self) -> subprocess.Popen[bytes]:
        return start_listening("worker.child", self._environ)


def _tell(child: subprocess.Popen[bytes], claim: Claim) -> bool:
    """Give a process its claim, and return whether it was there to hear it."""
    assert child.stdin is not None  # noqa: S101 - it was started with a pipe
    try:
        child.stdin.write(f"{claim.job_id} {claim.token}\n".encode())
    except BrokenPipeError:
        log.warning("the process that was started ahead died meanwhile (code %d)", _bury(child))
        return False
    return True


def _bury(child: subprocess.Popen[bytes]) -> int:
    assert child.stdin is not None  # noqa: S101 - as above
    child.stdin.close()
    return child.wait()
