"""What `ps` shows of a process that was started before it knew its job: places among its arguments, filled in later."""

import contextlib
import ctypes
import sys
from pathlib import Path

from store.jobs.claim import Claim

PLACES = ("-" * 36, "-" * 10)  # of a job's id and of a token, which is as long as it may become


def show(claim: Claim) -> None:
    """Have the job's id and token shown among this process's arguments, where the system is Linux."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError):
            _write("\0".join([claim.job_id.ljust(len(PLACES[0])), str(claim.token).ljust(len(PLACES[1]))]))


def _write(text: str) -> None:
    """Overwrite the places, which the kernel reads where it put them: fields 48 and 49 of /proc/self/stat tell where.

    Source: proc(5), arg_start and arg_end.
    """
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])
    arguments = ctypes.string_at(start, end - start)
    at = arguments.index("\0".join(PLACES).encode())
    ctypes.memmove(start + at, text.encode(), len(text))
