"""A scoring: a whole dataset by the one version that was named, or pointed at, when the job was submitted.

An attempt that was interrupted leaves nothing: the next begins at the first row, and ends with the same bytes, since
dataset, version and layout are the same.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from model.estimator import Estimator
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import ScoringSummary
from model.scoring import score_file
from model.tables.reader import MEDIA_TYPES
from store.artifacts import Artifact, ArtifactStore
from store.database import Connection, Database, Row
from store.datasets import get_dataset
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.finish import succeed
from store.jobs.heartbeat import JobProgress
from store.jobs.read import get_job
from store.quotas import Quota, read_quota
from store.registry.versions import load_estimator
from store.results import add_result
from store.settings import Settings
from worker.errors import DatasetError
from worker.fit import CPU_SECONDS
from worker.work import Completion, WorkUnit


@dataclass
class Scoring:
    """One attempt at one scoring."""

    job: Row[Any]
    dataset: Row[Any]
    artifacts: ArtifactStore
    estimator: Estimator
    quota: Quota
    summary: ScoringSummary = field(default_factory=ScoringSummary)
    _written: Artifact | None = None
    out_of_memory: ClassVar[str] = "the scoring needs more memory than there is; see EBB_TRAINING_BYTES"

    @classmethod
    def load(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job, its dataset and the version's estimator.

        Raises: NotFoundError; ArtifactError and EstimatorError where the version cannot be used.
        """
        with database.read() as connection:
            job = get_job(connection, job_id)
            dataset = get_dataset(connection, job.dataset_id)
            estimator = load_estimator(connection, job.model, job.params["version"])
            quota = read_quota(connection, job.owner, default=settings.stored_bytes)
        kept = ArtifactStore(settings.artifacts, settings.free_bytes)
        return cls(job, dataset, kept, Estimator.from_bytes(estimator), quota)

    @property
    def progress(self) -> JobProgress:
        """How many rows are scored, of how many."""
        return JobProgress(self.summary.rows, self.dataset.rows)

    def activity(self) -> float:
        """Return a number that changes while work is done: time on the CPU, for a chunk may take its time."""
        return time.process_time() // CPU_SECONDS

    def prepare(self) -> None:
        """See that the table can be read.

        Raises: ArtifactError, DatasetError.
        """
        self.artifacts.open_path(self.dataset.sha256)
        if self.dataset.media_type not in MEDIA_TYPES:
            raise DatasetError(f"dataset {self.dataset.id} is {self.dataset.media_type}, which cannot be read")

    def units(self) -> Iterator[WorkUnit]:
        """Score, a chunk of rows a unit, into a file that takes its name when it is whole.

        Raises: TableError, ColumnError, EstimatorError; QuotaError; DiskFullError; ArtifactError.
        """
        path, params = self.artifacts.path(self.dataset.sha256), self.job.params
        output = OUTPUTS[params["output"]](Layout.of(self.estimator, params["explain"]))
        with self.artifacts.draft(self.job.id, self.job.token, check=self.quota.check) as draft:
            for scored in score_file(self.estimator, path, MEDIA_TYPES[self.dataset.media_type], params["explain"]):
                draft.write(output.rows(scored))
                self.summary.add(scored, self.estimator)
                yield WorkUnit(self.progress)
            if self.summary.rows != self.dataset.rows:
                raise DatasetError(f"dataset {self.dataset.id} has {self.summary.rows} rows, not {self.dataset.rows}")
            draft.write(output.end())
            self._written = self.artifacts.keep(draft.received())

    def checkpoint(self) -> CheckpointRow | None:
        """Return nothing: another attempt begins again."""
        return None

    def completion(self) -> Completion:
        """Return the transaction that makes the file the job's result."""
        artifact, summary, job = self._written, self.summary, self.job
        assert artifact is not None  # noqa: S101 - every unit is done
        result = {
            "model": job.model,
            "version": job.params["version"],
            **summary.to_json(),
            "sha256": artifact.sha256,
            "bytes": artifact.size,
        }

        def end(connection: Connection, claim: Claim) -> str:
            succeed(connection, claim, result)
            add_result(connection, claim.job_id, artifact)
            return f"scored {summary.rows} rows by version {job.params['version']} of {job.model}"

        return end
