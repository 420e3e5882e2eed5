"""Log rotation for the processes of `ebb up`."""

import shutil
from pathlib import Path

LARGEST_BYTES = 32 * 1024**2


def keep_short(folder: Path) -> None:
    """Move the content of each large log to `NAME.log.1`, and replace the one before.

    The log is copied and truncated, not renamed, because its writers keep the file open.

    Raises: OSError, for example if the disk is full.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > LARGEST_BYTES:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            with log.open("r+b") as file:
                file.truncate(0)
