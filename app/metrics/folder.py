"""The folder in which the processes of one server count, each in a file of its own."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "ebb-metrics-"
LOCK = "in-use"


def make_folder() -> Path:
    """Make a folder for this server, and remove those of servers that were killed.

    It is locked for as long as this process or one that it forks lives.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    _lock(folder)
    return folder


def _remove_if_left(folder: Path) -> None:
    try:
        lock = _lock(folder, os.O_RDWR)
    except OSError:  # in use, somebody else's, or just being made
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _lock(folder: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    lock = os.open(folder / LOCK, flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock
