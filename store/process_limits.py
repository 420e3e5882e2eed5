"""Limits that a process sets on itself, and what it does not need.

Beyond the memory limit it gets a MemoryError, and beyond the file size an OSError. Beyond the processor time the kernel
ends it with SIGXCPU, and its parent reports that.
"""

import ctypes
import resource
import sys
from importlib.abc import MetaPathFinder

KEPT_BYTES = 32 * 1024**2  # the most that glibc takes for M_MMAP_THRESHOLD
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def limit_process(*, memory_bytes: int, cpu_seconds: int, file_bytes: int | None = None) -> None:
    """Limit this process, so that the kernel kills no other one for lack of memory."""
    _lower(resource.RLIMIT_DATA, memory_bytes)
    _lower(resource.RLIMIT_CPU, cpu_seconds)
    _lower(resource.RLIMIT_CORE, 0)  # a core dump would hold customers' data
    if file_bytes is not None:
        _lower(resource.RLIMIT_FSIZE, file_bytes)


def lift_memory() -> None:
    """Lift the memory limit, so that this process can report that it ran out."""
    _lower(resource.RLIMIT_DATA, resource.RLIM_INFINITY)


def keep_freed_memory() -> None:
    """Have the C library keep up to 32 MiB of freed memory for the next request; call it before threads start.

    By default it returns the memory of a batch to the kernel, which clears each page for the next one: a fifth of a
    batch's time. All threads share one arena, so that they share what is kept. Only glibc has these options.

    Source: mallopt(3)
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("the service does without pandas", name=fullname)


def leave_out_pandas() -> None:
    """Have `import pandas` fail in this process.

    pyarrow imports it where it is installed, to look whether values are of its types. That takes each process 0.3 s and
    50 MB, and the service has no such values.
    """
    sys.meta_path.insert(0, _NoPandas())


def _lower(which: int, most: int) -> None:
    """Set the soft limit, at most to the hard one."""
    _, hard = resource.getrlimit(which)
    bounds = [bound for bound in (most, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(which, (min(bounds, default=resource.RLIM_INFINITY), hard))
