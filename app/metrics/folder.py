"""The folder of a server's metrics, in which each process counts in a file of its own."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "ebb-metrics-"
NEW_SECONDS = 1.0


def make_folder() -> Path:
    """Make a folder for this server, and remove the folders of killed servers.

    The folder stays locked while this process or a fork of it lives. The lock also stops tools that clean up temporary
    files.

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
            return  # its server may not have locked it yet
        lock = _lock(folder)
    except OSError:  # in use, or of another user
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
