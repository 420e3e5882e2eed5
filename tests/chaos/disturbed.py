"""Disturbs a process of a fleet from inside: it exits at armed points, or its clock is wrong.

The product has no hooks for this. A file in a folder arms a point (tests/chaos/points.py). The first process at the
point removes the file and dies, so that each point kills one process.
"""

import json
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from types import FrameType

from sqlalchemy import Engine, Pool, event

from tests.chaos.clocks import set_wrong

PACKAGES = ("app.", "store.", "worker.")


def disturb(folder: str) -> None:
    """Prepare this process, if it is one of the product."""
    role = _role(sys.orig_argv)
    if role is None:
        return
    if offset := os.environ.get("CHAOS_CLOCK"):
        set_wrong(float(offset))
    armed = Armed(Path(folder), role)
    event.listen(Pool, "connect", lambda *_: armed.begin())
    event.listen(Engine, "before_cursor_execute", lambda *_: armed.note())
    event.listen(Engine, "commit", lambda _: armed.committing())
    event.listen(Engine, "rollback", lambda _: armed.forget())
    event.listen(Pool, "checkin", lambda *_: armed.done())
    event.listen(Pool, "checkout", lambda connection, *_: fill_disk(connection, Path(folder)))
    sys.addaudithook(armed.heard)
    if role != "child":
        _listen_to_celery(armed)


def _role(command: list[str]) -> str | None:
    if "-m" not in command:
        return None
    module = command[command.index("-m") + 1]
    return "child" if module.startswith("worker.") else {"worker": "worker", "app": "web"}.get(module)


def _listen_to_celery(armed: "Armed") -> None:
    from celery import signals  # noqa: PLC0415 - a training process has no use for it

    signals.task_prerun.connect(lambda **_: armed.reach("heard"), weak=False)
    signals.before_task_publish.connect(lambda **_: armed.reach("before sending"), weak=False)
    signals.after_task_publish.connect(lambda **_: armed.reach("after sending"), weak=False)


def fill_disk(connection: object, folder: Path) -> None:
    """Let SQLite fail to add pages while a file named full exists."""
    if isinstance(connection, sqlite3.Connection):
        [[pages]] = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count={pages if (folder / 'full').exists() else 2**30}")


class Armed(threading.local):
    """The points of this process, and the functions in the transaction of each thread."""

    def __init__(self, folder: Path, role: str) -> None:
        self._folder, self._role = folder, role
        self.forget()

    def forget(self) -> None:
        """Start with another transaction."""
        self._functions: set[str] = set()
        self._committed = False

    def note(self) -> None:
        """Record the functions of the product that send this statement."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            module = str(frame.f_globals.get("__name__"))
            if module.startswith(PACKAGES):
                self._functions.add(f"{module}.{frame.f_code.co_name}")
            frame = frame.f_back

    def committing(self) -> None:
        """Die here, or record that a COMMIT is next."""
        self.reach("before commit")
        self._committed = True

    def done(self) -> None:
        """Die after the COMMIT, if there was one."""
        if self._committed:
            self.reach("after commit")
        self.forget()

    def heard(self, name: str, arguments: tuple[object, ...]) -> None:
        """Die before a file gets its name among the artifacts."""
        if name == "os.rename" and Path(str(arguments[1])).is_relative_to(self._folder.parent / "artifacts"):
            self.reach("before naming")

    def begin(self) -> None:
        """Die at the start. A child waits for its job first; its start is the first use of the database."""
        self.reach("start")
        self.be_poisoned(Path("/proc/self/comm").read_text().strip())

    def be_poisoned(self, name: str) -> None:
        """Die every time, if this process runs the poison job."""
        poison = self._folder / "poison"
        if poison.exists() and poison.read_text().endswith(name):
            os.kill(os.getpid(), signal.SIGKILL)

    def reach(self, moment: str) -> None:
        """Do the first armed kill, if this is its moment. A removed file was used by another process."""
        try:
            path = min(self._folder.glob("*.armed"))
            kill = json.loads(path.read_text())
            here = (kill["role"], kill["moment"]) == (self._role, moment)
            if here and self._functions.issuperset(kill["within"]):
                path.unlink()
                os.kill(os.getppid() if kill["parent"] else os.getpid(), kill["signal"])
        except (ValueError, FileNotFoundError):  # nothing is armed
            return
