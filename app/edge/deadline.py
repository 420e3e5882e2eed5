"""The answer deadline: a process that passes it ends, and gunicorn's arbiter starts another.

A thread cannot be ended from outside, so a request that hangs would hold its thread for ever. The deadline counts the
time until an answer begins. The time in which a client sends its body does not count, nor do uploads and streams.
"""

import logging
import math
import os
import signal
import time
from collections.abc import Iterable
from threading import Thread, get_ident
from typing import Any
from wsgiref.types import StartResponse

from flask import Flask

log = logging.getLogger(__name__)

DEADLINE = "ebb.deadline"
"""The key of the process's deadline in a WSGI environment."""
LOOK_SECONDS = 1.0
LEAVE_SECONDS = 5.0
"""The time in which the other requests of an ending process may be answered."""


class Deadline:
    """The time at which each thread of this process began to answer its request.

    Units: `seconds` in seconds.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: dict[int, tuple[float, str]] = {}

    def install(self, app: Flask) -> None:
        """Record when each request begins and when its answer is ready to be sent."""
        answer = app.wsgi_app

        def timed(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
            environ[DEADLINE] = self
            self._begun[get_ident()] = time.monotonic(), environ["PATH_INFO"]
            try:
                return answer(environ, start)
            finally:
                self._begun.pop(get_ident(), None)

        app.wsgi_app = timed  # type: ignore[method-assign,assignment]  # Flask's documented way

    def suspended(self) -> "_Suspension":
        """Return a context that stops this request's clock, and restarts it from zero at the end."""
        return _Suspension(self._begun)

    def left(self) -> float:
        """Return the seconds until this thread's answer is late; infinite outside of a request."""
        begun = self._begun.get(get_ident())
        return math.inf if begun is None else begun[0] + self._seconds - time.monotonic()

    def overdue(self) -> list[str]:
        """Return the paths of the requests whose answers are late."""
        since = time.monotonic() - self._seconds
        return [path for begun, path in list(self._begun.values()) if begun < since]

    def watch(self) -> None:
        """Start the thread that ends this process once an answer is late."""
        Thread(target=self._watch, name="deadline", daemon=True).start()

    def _watch(self) -> None:
        while not (late := self.overdue()):
            time.sleep(LOOK_SECONDS)
        log.critical("no answer within %g s: %s; this process ends", self._seconds, ", ".join(late))
        os.kill(os.getpid(), signal.SIGTERM)  # gunicorn takes no more requests here
        until = time.monotonic() + LEAVE_SECONDS
        while len(self._begun) > len(self.overdue()) and time.monotonic() < until:
            time.sleep(0.1)
        os._exit(1)


class _Suspension:
    def __init__(self, begun: dict[int, tuple[float, str]]) -> None:
        self._begun = begun
        self._mine: tuple[float, str] | None = None

    def __enter__(self) -> None:
        self._mine = self._begun.pop(get_ident(), None)

    def __exit__(self, *_: object) -> None:
        if self._mine is not None:
            self._begun[get_ident()] = time.monotonic(), self._mine[1]
