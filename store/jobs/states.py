"""The states of a job. Their strings are stored in the database and sent to clients."""

from enum import StrEnum


class JobState(StrEnum):
    """A job waits, runs, or has ended in one of three ways.

    Example:
        >>> JobState("queued").finished, JobState.FAILED.finished
        (False, True)
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether this state never changes again."""
        return self in FINISHED


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
