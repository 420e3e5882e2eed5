"""What the child process asks of a job, whatever its kind; `worker.kinds` has one class for each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from store.database import Connection, Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.heartbeat import EpochRow, JobProgress
from store.settings import Settings

Completion = Callable[[Connection, Claim], str]
"""The transaction that ends a job as succeeded, with all that follows; returns what to say of it in the log."""


@dataclass(frozen=True)
class WorkUnit:
    """A piece of work that is done: how far the job is with it, and what is kept of a training's epoch."""

    progress: JobProgress
    epoch: EpochRow | None = None


class Work(Protocol):
    """One attempt at one job."""

    out_of_memory: ClassVar[str]
    """What to tell the user when memory is short."""

    @classmethod
    def load(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job and what belongs to it."""

    @property
    def progress(self) -> JobProgress:
        """How far the job is: at first, where the last attempt's checkpoint was taken up."""

    def activity(self) -> float:
        """Return a number that changes while work is done."""

    def prepare(self) -> str | None:
        """Read what the work is done on; return why it begins again, where a checkpoint was left and is of no use."""

    def units(self) -> Iterator[WorkUnit]:
        """Do the work, piece by piece; between two pieces the job can be cancelled or handed back."""

    def checkpoint(self) -> CheckpointRow | None:
        """Return what another attempt can go on from after the last piece; None where it begins again."""

    def completion(self) -> Completion:
        """Return the transaction that ends the job, once every piece is done."""
