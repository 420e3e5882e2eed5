"""The interface of a kind of job to the child process; `worker.kinds` has one class for each kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from store.database import Connection, Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.epoch import Epoch
from store.jobs.heartbeat import JobProgress
from store.settings import Settings

Completion = Callable[[Connection, Claim], str]
"""The transaction that ends a job as succeeded and stores its result; returns a sentence for the log."""


@dataclass(frozen=True)
class WorkUnit:
    """A finished epoch or chunk of rows: the job's progress after it, and the epoch or standing to store, if any."""

    progress: JobProgress
    epoch: Epoch | None = None
    standing: Mapping[str, object] | None = None


class Work(Protocol):
    """One attempt at one job."""

    out_of_memory: ClassVar[str]
    """The error text of a job that needed more memory than there is."""

    @classmethod
    def prepare(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job and its data, and resume from the checkpoint if there is one that can be used."""

    @property
    def restarted(self) -> str | None:
        """Why a stored checkpoint could not be used; None where it was used or there was none."""

    @property
    def progress(self) -> JobProgress:
        """How far the job is: at first as far as the checkpoint that it resumes from."""

    def activity(self) -> float:
        """Return a number that changes while work is done."""

    def units(self) -> Iterator[WorkUnit]:
        """Do the work, unit by unit; between two units the job can be cancelled or requeued."""

    def checkpoint(self) -> CheckpointRow | None:
        """Return the state after the last unit, for another attempt to resume from; None where that starts anew."""

    def completion(self) -> Completion:
        """Return the transaction that ends the job, after the last unit."""
