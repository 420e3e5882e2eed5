"""How an attempt can end other than well, as one tree.

WorkerError
├── ShutDownError      the worker was told to stop: hand the job back
├── CancelledError     somebody no longer wants the job
└── DatasetError       the job's data are not what its row says
"""

import re


class WorkerError(Exception):
    """Root of the worker's own errors."""


class ShutDownError(WorkerError):
    """The worker was told to stop; the job goes back to the queue without a strike."""


class CancelledError(WorkerError):
    """Somebody asked for the job to be cancelled."""


class DatasetError(WorkerError):
    """The job's data are missing or are not what its row says; the message tells which."""


def error_code(error: Exception) -> str:
    """Return the code of an error for programs: its name in snake_case without the ending.

    Example:
        >>> error_code(DatasetError("it has 2 rows, not 3"))
        'dataset'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
