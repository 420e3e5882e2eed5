"""A service started like that of a user, and its processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ebb.client import Client
from ebb.supervisor import free_port

EBB = Path(sys.executable).with_name("ebb")
Ebb = Callable[..., subprocess.CompletedProcess[str]]
PATIENCE_SECONDS = 120.0


@dataclass
class Running:
    """A running `ebb up` and its address."""

    process: subprocess.Popen[str]
    url: str
    home: Path

    def client(self) -> Client:
        """Return a client of the service."""
        return Client(self.url)

    def command(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command of `ebb` with the home folder of the service as the only setting."""
        command = [EBB, *map(str, arguments)]
        environ = {**environment(self.home), "COLUMNS": "250"}
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)

    def family(self) -> list[psutil.Process]:
        """Return all its descendant processes."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def processes(self, module: str) -> list[psutil.Process]:
        """Return the processes of its family that run `python -m module`."""
        return [process for process in self.family() if _runs(process, module)]


def _runs(process: psutil.Process, module: str) -> bool:
    try:
        return module in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def environment(home: Path, **settings: object) -> dict[str, str]:
    """Return an environment with these settings only."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("EBB_") and k not in ("DATABASE_URL", "REDIS_URL")}
    return {**clean, "EBB_HOME": str(home), **{name: str(value) for name, value in settings.items()}}


@contextmanager
def ebb_up(home: Path, **settings: object) -> Iterator[Running]:
    """Run `ebb up` on a free port until the end of the block; assert that no process is left."""
    command = [EBB, "up", "--port", str(free_port())]
    process = subprocess.Popen(command, env=environment(home, **settings), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Ebb is ready at "), line
    running = Running(process, line.split()[4], home)
    family = running.family()
    try:
        yield running
        family += running.family() if process.poll() is None else []
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        process.stdout.close()
        _, alive = psutil.wait_procs(family, timeout=10)
        for left in alive:
            left.kill()
    assert not alive, f"left behind: {alive}"


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds.

    Raises: AssertionError with the missing condition.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)


def processes_of(home: Path) -> list[psutil.Process]:
    """Return all processes of a home folder, with any parent."""
    return [process for process in psutil.process_iter() if _is_of(process, home)]


def _is_of(process: psutil.Process, home: Path) -> bool:
    try:
        return str(home) in " ".join([*process.cmdline(), process.environ().get("EBB_HOME", "")])
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
