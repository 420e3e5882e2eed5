"""A real server in a separate process, for tests."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from store.settings import Settings

PATIENCE = 60  # seconds: the processes import numpy before the first answer, on a busy machine
CALM_SECONDS = 2.0  # the limit of a normal request on a busy machine


def command(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("EBB_", "REDIS_", "DATABASE_"))
    }
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        env=environ | settings.environ(),
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


class Running:
    """A running server, its address and its output."""

    def __init__(self, settings: Settings) -> None:
        self.process = command(settings)
        self.lines: list[str] = []
        self.url = self._url()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _url(self) -> str:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"answering at (http://[^\"]+)", line):
                return found[1]
        raise AssertionError("".join(self.lines))

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(self.process.stderr)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextmanager
def served(settings: Settings) -> Iterator[Running]:
    """A server that ends with its test."""
    server = Running(settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def wait_until_calm(url: str, times: int = 10) -> None:
    """Wait until so many normal requests in a row are answered; a server that loads or is overloaded refuses some."""
    until, answered = time.monotonic() + PATIENCE, 0
    while answered < times:
        assert time.monotonic() < until, "normal requests are still refused"
        answer = httpx.get(f"{url}/v1/jobs", trust_env=False, timeout=PATIENCE)
        refused = answer.status_code == 503 and "Retry-After" in answer.headers
        assert refused or answer.status_code == 200, answer.text
        answered = 0 if refused else answered + 1


def normal_request_seconds(url: str, times: int = 10) -> float:
    """Return the seconds of the slowest of some normal requests."""
    slowest = 0.0
    for _ in range(times):
        begun = time.perf_counter()
        assert httpx.get(f"{url}/v1/jobs", trust_env=False, timeout=PATIENCE).status_code == 200
        slowest = max(slowest, time.perf_counter() - begun)
    return slowest
