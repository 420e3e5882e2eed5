"""The resource limits of a job, and the error texts of a job that exceeded one."""

import errno

from store.process_limits import limit_process
from store.settings import Settings


def limit(settings: Settings) -> None:
    """Set the limits of one job on this process."""
    limit_process(
        memory_bytes=settings.training_bytes,
        cpu_seconds=settings.training_cpu_seconds,
        file_bytes=settings.training_file_bytes,
    )


def cpu_limit_text(settings: Settings) -> str:
    """Return the error text of a job that used too much processor time."""
    return (
        f"the job took more than {settings.training_cpu_seconds} s of processor time; take fewer epochs, a smaller "
        "network or table, or raise EBB_TRAINING_CPU_SECONDS"
    )


def memory_limit_text(settings: Settings) -> str:
    """Return the error text of an aborted process: Arrow aborts where it gets no memory and cannot raise."""
    return (
        f"the job's process was aborted, most likely because it needed more than its {settings.training_bytes} bytes "
        "of memory; take a smaller table or network, or raise EBB_TRAINING_BYTES"
    )


def storage_failure(error: OSError, settings: Settings) -> tuple[str, str] | None:
    """Return the code and text of an error that another attempt would meet too; None for any other.

    Example:
        >>> storage_failure(OSError(errno.ENOSPC, "No space left on device", "/data/x"), Settings())[0]
        'disk_full'
    """
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.EFBIG:
        most = settings.training_file_bytes
        return "file_limit", f"the job wrote a file of more than {most} bytes{where}; raise EBB_TRAINING_FILE_BYTES"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full", f"there is no space left to write to{where}; make some, then retry the job"
    return None
