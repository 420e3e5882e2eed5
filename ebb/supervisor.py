"""The supervisor: runs the whole service on one machine as child processes.

It starts the broker (unless REDIS_URL names one), runs the migrations, starts the worker and the web server, and stops
them in reverse order. It restarts a process that dies, unless that keeps dying soon after its start. If the supervisor
dies, even by `kill -9`, its children end.
"""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from ebb.errors import ServiceStartError
from ebb.home_lock import HomeLock
from ebb.logs import keep_short
from ebb.restarts import Restarts
from store.broker import Broker, open_broker
from store.child_processes import ONE_BLAS_THREAD, start_child
from store.database import open_database
from store.errors import StoreError
from store.migrate import upgrade
from store.settings import Settings

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
PROGRAMS = {"worker": "worker", "web": "app"}  # a process's name -> the package it runs


@dataclass
class Service:
    """The processes of one installation; leaving its context stops all of them."""

    settings: Settings
    restarts: Restarts = field(default_factory=Restarts)
    _broker: Broker | None = None
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _lock: HomeLock | None = None
    _started_at: dict[str, float] = field(default_factory=dict)
    _due_at: dict[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The URL of the service."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self.settings.port}"

    def __enter__(self) -> Self:
        """Start all processes and wait until the service is ready.

        Raises: ServiceStartError, StoreError, after all started processes are stopped.
        """
        try:
            self._lock = HomeLock.take(self.settings.home, self.url)
            _wait_for_port(self.settings, max_seconds=0 if self._lock.orderly else STOP_SECONDS)
            self._start_broker()
            database = open_database(self.settings.database_url)
            upgrade(database)
            database.close()
            for name in PROGRAMS:
                self._start(name)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all processes."""
        self.stop()

    def restart_dead(self) -> list[str]:
        """Restart dead processes whose delay is over, and return messages about it.

        Raises: ServiceStartError if a process keeps dying soon after its start; the message has the end of its log.
        """
        with contextlib.suppress(OSError):
            keep_short(self._logs)
        dead = [name for name, child in self._children.items() if child.poll() is not None]
        if self._broker is not None and self._broker.process is not None and self._broker.process.poll() is not None:
            dead.insert(0, "broker")
        messages = [self._schedule(name) for name in dead if name not in self._due_at]
        return messages + [self._restart(name) for name in dead if time.monotonic() >= self._due_at[name]]

    def _schedule(self, name: str) -> str:
        """Schedule the restart of a dead process."""
        delay = self.restarts.delay(name, time.monotonic() - self._started_at[name])
        if delay is None:
            raise ServiceStartError(
                f"the {name} process died {self.restarts.most} times in a row, each time within "
                f"{self.restarts.well_seconds:g} s of its start:\n{_tail(self._log(name))}"
            )
        self._due_at[name] = time.monotonic() + delay
        return f"the {name} process died, and restarts in {delay:g} s; see {self._log(name)}"

    def _restart(self, name: str) -> str:
        del self._due_at[name]
        try:
            if name == "broker":
                self._start_broker()
            else:
                self._start(name)
        except (StoreError, OSError) as error:  # it stays dead, so it is scheduled again
            self._started_at[name] = time.monotonic()
            return f"the {name} process cannot be started now: {error}"
        return f"the {name} process was restarted"

    def stop(self) -> None:
        """Stop the web server, then the worker, then the broker.

        Each is stopped even if stopping another one is interrupted.
        """
        with contextlib.ExitStack() as last_first:
            if self._lock is not None:
                last_first.callback(self._lock.release)
            if self._broker is not None:
                last_first.callback(self._broker.stop)
            for name in PROGRAMS:
                if (child := self._children.pop(name, None)) is not None:
                    last_first.callback(_end, child)

    def _start_broker(self) -> None:
        self._broker = open_broker(self.settings)
        self._started_at["broker"] = time.monotonic()

    def _start(self, name: str) -> None:
        assert self._broker is not None  # noqa: S101 - __enter__ opened it
        environ = {**os.environ, **self.settings.environ(), **ONE_BLAS_THREAD}
        if not self.settings.redis_url:
            environ["REDIS_URL"] = self._broker.url
        self._logs.mkdir(parents=True, exist_ok=True)
        with self._log(name).open("ab") as output:
            command = [sys.executable, "-m", PROGRAMS[name]]
            self._children[name] = start_child(command, environ=environ, output=output)
        self._started_at[name] = time.monotonic()

    @property
    def _logs(self) -> Path:
        return self.settings.home / "log"

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        said = "it did not answer"
        with httpx.Client(base_url=self.url, trust_env=False, timeout=5) as client:
            while time.monotonic() < deadline:
                for name, child in self._children.items():
                    if child.poll() is not None:
                        raise ServiceStartError(f"the {name} process did not start: {_reason(self._log(name))}")
                with contextlib.suppress(httpx.TransportError):
                    answer = client.get("/readyz")
                    if answer.status_code == httpx.codes.OK:
                        return
                    said = answer.text
                time.sleep(0.05)
        raise ServiceStartError(f"the service was not ready after {READY_SECONDS:.0f} s: {said}")


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGTERM)
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=STOP_SECONDS)
    finally:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # it leads a process group with its children
            child.wait()


def free_port() -> int:
    """Return a free port of the loopback address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for_port(settings: Settings, max_seconds: float) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    give_up = time.monotonic() + max_seconds
    while True:
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((settings.host, settings.port))
            except OSError as error:
                if time.monotonic() > give_up or error.errno != errno.EADDRINUSE:
                    raise ServiceStartError(
                        f"cannot listen at {settings.host} port {settings.port}: {error.strerror}; "
                        f"choose another by --port, or by EBB_PORT={settings.port + 1} before the command"
                    ) from error
            else:
                return
        time.sleep(0.1)


def _reason(path: Path) -> str:
    """Return why a process ended: its last message, or else the end of its log.

    A process that refuses to start says why in one line, after its name.
    """
    _, named, reason = _tail(path, 1).partition("ebb app: ")
    return reason if named else f"\n{_tail(path)}"


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
