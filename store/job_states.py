"""The states and the kinds of a job. Their strings are stored in the database and sent to clients."""

from enum import StrEnum
from typing import Literal, get_args

JobKind = Literal["training", "scoring", "replay", "sweep", "evaluation"]
KINDS: tuple[JobKind, ...] = get_args(JobKind)
"""The kinds of job; each has a queue of its own."""


class JobState(StrEnum):
    """A job waits, runs, or has ended in one of three ways."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        """Whether this state never changes again.

        Example:
            >>> JobState("queued").finished, JobState.FAILED.finished
            (False, True)
        """
        return self in FINISHED


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
