"""What one job may take of its machine, and how to tell a user that it was too much."""

import errno

from store.process_limits import limit_process
from store.settings import Settings


def limit(settings: Settings) -> None:
    """Limit this process to what one job may take."""
    limit_process(
        memory_bytes=settings.training_bytes,
        cpu_seconds=settings.training_cpu_seconds,
        file_bytes=settings.training_file_bytes,
    )


def cpu_limit_text(settings: Settings) -> str:
    """Say that an attempt took too much processor time, and what to do."""
    return (
        f"the job took more than {settings.training_cpu_seconds} s of processor time; take fewer epochs, a smaller "
        "network or table, or raise EBB_TRAINING_CPU_SECONDS"
    )


def memory_limit_text(settings: Settings) -> str:
    """Say that an attempt was aborted, which Arrow does where it gets no memory and can raise no exception."""
    return (
        f"the job's process was aborted, most likely because it needed more than its {settings.training_bytes} bytes "
        "of memory; take a smaller table or network, or raise EBB_TRAINING_BYTES"
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
