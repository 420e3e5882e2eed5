"""What one process may take of its machine, set by itself.

Beyond its memory it meets a MemoryError, beyond its file size an OSError; beyond its processor time the kernel ends it
(SIGXCPU), and its parent tells.
"""

import resource


def limit_process(*, memory_bytes: int, cpu_seconds: int, file_bytes: int | None = None) -> None:
    """Limit this process, so that the kernel need not choose whom to kill."""
    _lower(resource.RLIMIT_DATA, memory_bytes)
    _lower(resource.RLIMIT_CPU, cpu_seconds)
    _lower(resource.RLIMIT_CORE, 0)  # a dump of its memory would hold customers
    if file_bytes is not None:
        _lower(resource.RLIMIT_FSIZE, file_bytes)


def lift_memory() -> None:
    """Let this process take what it needs to say that it had too little."""
    _lower(resource.RLIMIT_DATA, resource.RLIM_INFINITY)


def _lower(which: int, most: int) -> None:
    """Set the soft limit, as far as the hard one lets it be."""
    _, hard = resource.getrlimit(which)
    bounds = [bound for bound in (most, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(which, (min(bounds, default=resource.RLIM_INFINITY), hard))
