"""A training: from a dataset and a spec to a new version of a registered model."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Self

from store.database import Connection, Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.finish import succeed_training
from store.jobs.heartbeat import JobProgress
from store.settings import Settings
from worker.fit import Fit
from worker.outages import retry_through_outages
from worker.result import promotion_of, version_of
from worker.work import Completion, WorkUnit


@dataclass
class Training:
    """One attempt at one training."""

    fit: Fit
    database: Database
    begun: float = field(default_factory=time.monotonic)
    out_of_memory: ClassVar[str] = (
        "the training needs more memory than there is; take fewer units a layer, or a smaller batch_size"
    )

    @classmethod
    def load(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job, its dataset and its last checkpoint.

        Raises: NotFoundError; SpecError where the stored spec is of another release.
        """
        return cls(Fit.load(settings, database, job_id), database)

    @property
    def progress(self) -> JobProgress:
        """How many epochs were trained, and how many are planned."""
        return JobProgress(self.fit.done, self.fit.total)

    def activity(self) -> float:
        """Return a number that changes while work is done."""
        return self.fit.activity()

    def prepare(self) -> str | None:
        """Read the table, and set the training up; return why it begins again, if it does.

        Raises: as `Fit.prepare`.
        """
        return self.fit.prepare()

    def units(self) -> Iterator[WorkUnit]:
        """Train, an epoch a unit.

        Raises: DivergedError.
        """
        for row in self.fit.epochs():
            yield WorkUnit(JobProgress(row.epoch, self.fit.total), row)

    def checkpoint(self) -> CheckpointRow | None:
        """Return the state after the last epoch."""
        return self.fit.checkpoint()

    def completion(self) -> Completion:
        """Return the transaction that adds the version, and moves `champion` where that was asked for and earned."""
        estimator = self.fit.estimator()
        promotion = retry_through_outages(lambda: promotion_of(self.database, self.fit, estimator))
        seconds = time.monotonic() - self.begun
        version = version_of(self.fit, estimator, seconds)

        def end(connection: Connection, claim: Claim) -> str:
            number = succeed_training(connection, claim, version, promotion)
            return f"version {number} of {version.model} after {seconds:.1f} s"

        return end
