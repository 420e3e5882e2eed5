"""The supervisor: the whole service on one machine, as processes that live and die together.

broker (unless REDIS_URL names one) → migrations → worker → web, and back in the other order. A process that dies is
started again; when the supervisor dies, even by `kill -9`, its children are told to end.
"""

import contextlib
import json
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
from store.broker import Broker, open_broker
from store.children import ONE_BLAS_THREAD, start_child
from store.database import open_database
from store.migrate import upgrade
from store.settings import Settings

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
RESTART_PAUSE_SECONDS = 1.0
PROGRAMS = {"worker": "worker", "web": "app"}  # a process's name -> the package it runs


@dataclass
class Service:
    """The processes of one installation; a context that ends them all when it is left."""

    settings: Settings
    _broker: Broker | None = None
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _lock: HomeLock | None = None

    @property
    def url(self) -> str:
        """Where the service answers."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self.settings.port}"

    def __enter__(self) -> Self:
        """Start everything and wait until it is ready.

        Raises: ServiceStartError, StoreError; everything started so far is stopped then.
        """
        try:
            self._lock = HomeLock.take(self.settings.home, self.url)
            _refuse_taken_port(self.settings)
            self._broker = open_broker(self.settings)
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
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()

    def tend(self) -> list[str]:
        """Start again whatever has died since the last call, and return the names."""
        died = [name for name, child in self._children.items() if child.poll() is not None]
        if self._broker is not None and self._broker.process is not None and self._broker.process.poll() is not None:
            self._broker = open_broker(self.settings)
            died.append("broker")
        if died:
            time.sleep(RESTART_PAUSE_SECONDS)
        for name in died:
            if name in PROGRAMS:
                self._start(name)
        return died

    def stop(self) -> None:
        """Stop everything in good order: no more requests, then no more work, then the broker."""
        for name in reversed(PROGRAMS):
            child = self._children.pop(name, None)
            if child is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)  # it leads its own session, so its children go with it
                child.wait()
        if self._broker is not None:
            self._broker.stop()
        if self._lock is not None:
            self._lock.release()

    def _start(self, name: str) -> None:
        assert self._broker is not None  # noqa: S101 - __enter__ opened it
        environ = {**os.environ, **self.settings.environ(), **ONE_BLAS_THREAD, "REDIS_URL": self._broker.url}
        with self._log(name).open("ab") as output:
            command = [sys.executable, "-m", PROGRAMS[name]]
            self._children[name] = start_child(command, environ=environ, output=output)

    def _log(self, name: str) -> Path:
        folder = self.settings.home / "log"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        said = "it did not answer"
        with httpx.Client(base_url=self.url, trust_env=False, timeout=5) as client:
            while time.monotonic() < deadline:
                for name, child in self._children.items():
                    if child.poll() is not None:
                        raise ServiceStartError(f"the {name} process did not start:\n{_tail(self._log(name))}")
                with contextlib.suppress(httpx.TransportError):
                    answer = client.get("/readyz")
                    if answer.status_code == httpx.codes.OK:
                        return
                    said = answer.text
                time.sleep(0.05)
        raise ServiceStartError(f"the service was not ready after {READY_SECONDS:.0f} s: {said}")


def running_url(home: Path) -> str | None:
    """Return where the service that now runs in this home folder answers, or None if none does."""
    try:
        with HomeLock.take(home, ""):
            return None
    except ServiceStartError:
        with contextlib.suppress(OSError, ValueError, KeyError):
            return str(json.loads((home / "service.json").read_text())["url"])
        return None


def free_port() -> int:
    """Return a port of the loopback address that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise ServiceStartError(
                f"cannot listen at {settings.host} port {settings.port}: {error.strerror}; "
                "choose another with --port or EBB_PORT"
            ) from error


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
