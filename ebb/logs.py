"""The logs of the processes under `ebb up`, kept from filling the disk."""

import shutil
from pathlib import Path

LARGEST_BYTES = 32 * 1024**2


def keep_short(folder: Path) -> None:
    """Put each log that has grown large aside, as `NAME.log.1` in place of the one before.

    Copied and cut rather than renamed: its writers have the file open, to append, and go on at its new end.

    Raises: OSError, as when the disk is full.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > LARGEST_BYTES:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            with log.open("r+b") as file:
                file.truncate(0)
