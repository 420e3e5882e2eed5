"""Starts the processes of attempts, and keeps one warm: starting Python and importing numpy takes most of a second.

The warm process holds no claim, no limits and no connection. It reads a claim from standard input, runs that attempt
and ends. It also ends when the worker does, because its standard input closes.
"""

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from store.child_processes import ONE_BLAS_THREAD, start_module
from store.jobs.claim import Claim
from store.settings import Settings

log = logging.getLogger(__name__)


class ProcessStarter:
    """Starts a process for each claim; within `keep_one_warm` it takes the warm one and starts the next."""

    def __init__(self, settings: Settings) -> None:
        self._environ = {**os.environ, **settings.environ(), **ONE_BLAS_THREAD}
        self._lock = Lock()
        self._keep_warm = False
        self._warm: subprocess.Popen[bytes] | None = None

    def start(self, claim: Claim) -> subprocess.Popen[bytes]:
        """Return a process that runs this attempt.

        Raises: OSError when none can be started.
        """
        with self._lock:
            child, self._warm = self._warm, None
            if child is None or not _send_claim(child, claim):
                child = self._new()
                _send_claim(child, claim)
            self._warm_up()
        return child

    @contextmanager
    def keep_one_warm(self) -> Iterator[None]:
        """Keep one process warm within the block, and none afterwards."""
        with self._lock:
            self._keep_warm = True
            self._warm_up()
        try:
            yield
        finally:
            with self._lock:
                self._keep_warm = False
                if self._warm is not None:
                    self._warm.terminate()
                    _reap(self._warm)
                    self._warm = None

    def _warm_up(self) -> None:
        if self._keep_warm:
            try:
                self._warm = self._new()
            except OSError:
                log.exception("no warm process could be started; the next attempt starts its own")

    def _new(self) -> subprocess.Popen[bytes]:
        return start_module("worker.child", self._environ)


def _send_claim(child: subprocess.Popen[bytes], claim: Claim) -> bool:
    """Send a process its claim; return False where the process is dead."""
    assert child.stdin is not None  # noqa: S101 - it was started with a pipe
    try:
        child.stdin.write(f"{claim.job_id} {claim.token}\n".encode())
    except BrokenPipeError:
        log.warning("the warm process has died (code %d); another is started", _reap(child))
        return False
    return True


def _reap(child: subprocess.Popen[bytes]) -> int:
    assert child.stdin is not None  # noqa: S101 - as above
    child.stdin.close()
    return child.wait()
