"""The folder in which the processes of one server count, each in a file of its own."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "ebb-metrics-"
NEW_SECONDS = 1.0


def make_folder() -> Path:
    """Make a folder for this server, and remove those of servers that were killed.

    It is locked for as long as this process or one that it forks lives, which also keeps those away who tidy up
    temporary files.

    Source: systemd.io, Using /tmp/ and /var/tmp/ safely.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_if_left(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    _lock(folder)
    return folder


def _remove_if_left(folder: Path) -> None:
    try:
        if time.time() - folder.stat().st_mtime < NEW_SECONDS:
            return  # its maker may be about to lock it
        lock = _lock(folder)
    except OSError:  # in use, or somebody else's
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _lock(folder: Path) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
