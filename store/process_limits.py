"""Resource limits that a process sets on itself.

Beyond the memory limit it gets a MemoryError, and beyond the file size an OSError. Beyond the processor time the kernel
ends it with SIGXCPU, and its parent reports that.
"""

import resource


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


def _lower(which: int, most: int) -> None:
    """Set the soft limit, at most to the hard one."""
    _, hard = resource.getrlimit(which)
    bounds = [bound for bound in (most, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(which, (min(bounds, default=resource.RLIM_INFINITY), hard))
