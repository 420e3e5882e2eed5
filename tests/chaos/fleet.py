"""The processes of the product, started by the tests and restarted after kills: workers and an API."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from store.broker import Broker, open_broker
from store.child_processes import ONE_BLAS_THREAD, start_child
from store.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ROOT / "tests" / "chaos" / "outside"
LONG_SECONDS = 180.0


@dataclass
class Fleet:
    """Processes by name. `mend` restarts those that died and those that a test removed.

    `armed` is the folder of armed crash points, `environ` the extra environment of a process.
    """

    settings: Settings
    programs: dict[str, str]
    environ: dict[str, dict[str, str]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    broker: Broker | None = None
    deaths: int = 0

    @property
    def armed(self) -> Path:
        return self.settings.home / "armed"

    def mend(self) -> None:
        """Start the processes that do not run."""
        if self.broker is not None and self.broker.process is not None and self.broker.process.poll() is not None:
            self.broker = open_broker(Settings(home=self.settings.home))
        for name, module in self.programs.items():
            process = self.processes.get(name)
            if process is None or process.poll() is not None:
                self.deaths += process is not None
                self.processes[name] = self._start(name, module)

    def _start(self, name: str, module: str) -> subprocess.Popen[bytes]:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("EBB_")}
        chaos = {"CHAOS_FOLDER": str(self.armed), "PYTHONPATH": f"{OUTSIDE}{os.pathsep}{ROOT}"}
        environ = {**ours, **self.settings.environ(), **ONE_BLAS_THREAD, **chaos, **self.environ.get(name, {})}
        with (self.settings.home / f"{name}.log").open("ab") as log:
            return start_child([sys.executable, "-m", module], environ=environ, output=log)

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = LONG_SECONDS) -> None:
        """Wait until a condition holds; restart dead processes meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s\n{self.said()}"
            self.mend()
            time.sleep(0.05)

    def said(self, lines: int = 25) -> str:
        """Return the end of every log."""
        logs = sorted(self.settings.home.glob("*.log"))
        tails = {log.name: log.read_text(errors="replace").splitlines()[-lines:] for log in logs}
        return "\n".join("\n".join([f"--- {name}", *(line[:300] for line in tail)]) for name, tail in tails.items())

    def family(self, name: str) -> list[psutil.Process]:
        """Return a process and those it started, if it runs."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.processes[name].pid)
            return [process, *process.children(recursive=True)]
        return []

    def stop(self) -> list[psutil.Process]:
        """Stop everything, and return the processes that are left."""
        everybody = [process for name in self.processes for process in self.family(name)]
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(15)
        with suppress(subprocess.TimeoutExpired):
            for process in self.processes.values():
                process.wait(timeout=40)
        _, alive = psutil.wait_procs(everybody, timeout=10)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self.processes.values():
            process.wait()
        if self.broker is not None:
            self.broker.stop()
        return alive


@contextmanager
def fleet(settings: Settings, workers: int, *, web: bool = False, **environ: dict[str, str]) -> Iterator[Fleet]:
    """Run workers, and optionally an API, with their own broker, until the end of the block.

    At the end there must be no process and no armed point.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    broker = open_broker(Settings(home=settings.home))
    settings = Settings(**{**vars(settings), "redis_url": broker.url})
    programs = {f"worker{number}": "worker" for number in range(workers)} | ({"web": "app"} if web else {})
    running = Fleet(settings, programs, environ, broker=broker)
    running.armed.mkdir(exist_ok=True)
    try:
        running.mend()
        yield running
    finally:
        alive = running.stop()
    assert not alive, f"left behind: {alive}"
    assert list(running.armed.iterdir()) == []
