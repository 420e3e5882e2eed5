"""The exceptions that end an attempt, as one tree.

WorkerError
├── ShutDownError      the worker stops: requeue the job
├── CancelledError     cancellation was requested: end the job as cancelled
└── DatasetError       the job's data differ from its row
"""

import re


class WorkerError(Exception):
    """Root of the worker's own errors."""


class ShutDownError(WorkerError):
    """The worker stops; the job is requeued without a strike."""


class CancelledError(WorkerError):
    """Cancellation of the job was requested."""


class DatasetError(WorkerError):
    """The job's data are missing or differ from its row; the message says which."""


def error_code(error: Exception) -> str:
    """Return the code of an error for programs: its name in snake_case without the ending.

    Example:
        >>> error_code(DatasetError("it has 2 rows, not 3"))
        'dataset'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
