"""What one job may take of its machine, and how to tell a user that it was too much.

Beyond its memory a job meets a MemoryError, beyond its file size or a full disk an OSError; beyond its processor time
the kernel ends it (SIGXCPU), and the worker tells.
"""

import errno
import resource

from store.settings import Settings


def limit(settings: Settings) -> None:
    """Limit this process to what one job may take, so that the kernel need not choose whom to kill."""
    _lower(resource.RLIMIT_DATA, settings.training_bytes)
    _lower(resource.RLIMIT_FSIZE, settings.training_file_bytes)
    _lower(resource.RLIMIT_CPU, settings.training_cpu_seconds)
    _lower(resource.RLIMIT_CORE, 0)  # a dump of its memory would hold customers


def lift_memory() -> None:
    """Let this process take what it needs to say that it had too little."""
    _lower(resource.RLIMIT_DATA, resource.RLIM_INFINITY)


def _lower(which: int, most: int) -> None:
    """Set the soft limit, as far as the hard one lets it be."""
    _, hard = resource.getrlimit(which)
    bounds = [bound for bound in (most, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(which, (min(bounds, default=resource.RLIM_INFINITY), hard))


def cpu_limit_text(settings: Settings) -> str:
    """Say that an attempt took too much processor time, and what to do."""
    return (
        f"the job took more than {settings.training_cpu_seconds} s of processor time; take fewer epochs, a smaller "
        "network or table, or raise EBB_TRAINING_CPU_SECONDS"
    )


def storage_trouble(error: OSError, settings: Settings) -> tuple[str, str] | None:
    """Return the code and the sentence of an error that another attempt would meet as well, or None.

    Example:
        >>> storage_trouble(OSError(errno.ENOSPC, "No space left on device", "/data/x"), Settings())[0]
        'disk_full'
    """
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.EFBIG:
        most = settings.training_file_bytes
        return "file_limit", f"the job wrote a file of more than {most} bytes{where}; raise EBB_TRAINING_FILE_BYTES"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full", f"there is no space left to write to{where}; make some, then retry the job"
    return None
