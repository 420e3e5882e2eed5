"""The disk: checks its free space, and raises its errors as errors of the store."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.errors import ArtifactError, DiskFullError


def check_free_space(folder: Path, more: int, free_bytes: int) -> None:
    """Check that the disk of a folder keeps `free_bytes` free after `more` bytes are added.

    Raises: DiskFullError.
    """
    free = shutil.disk_usage(folder).free
    if free - more < free_bytes:
        raise DiskFullError(
            f"the disk has {free:,} bytes left, of which {free_bytes:,} are kept free (EBB_FREE_BYTES): remove what is "
            "no longer needed (`ebb retention`), or give the service a larger disk; then try again"
        )


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Raise the system's errors in this block as errors of the store.

    Raises: DiskFullError; ArtifactError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError("the disk is full: make room on it, then try again") from error
        raise ArtifactError(f"cannot write to {folder}: {error.strerror}") from error
