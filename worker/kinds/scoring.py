"""A scoring: scores a whole dataset with the version that was chosen when the job was submitted.

There are no checkpoints: after an interruption the next attempt starts at the first row, and makes the same bytes from
the same dataset, version and layout.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from model.estimator import Estimator
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import ScoringSummary
from model.scoring import score_file
from store.artifacts import Artifact
from store.database import Connection, Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.finish import succeed
from store.jobs.heartbeat import JobProgress
from store.quotas import Quota, read_quota
from store.registry.versions import load_estimator
from store.results import add_result
from store.settings import Settings
from worker.job_data import JobData, cpu_activity
from worker.work import Completion, WorkUnit


@dataclass
class Scoring:
    """One attempt at one scoring."""

    data: JobData
    estimator: Estimator
    quota: Quota
    summary: ScoringSummary = field(default_factory=ScoringSummary)
    _table: tuple[Path, str] | None = None
    _written: Artifact | None = None
    out_of_memory: ClassVar[str] = "the scoring needs more memory than there is; see EBB_TRAINING_BYTES"

    @classmethod
    def load(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job, its dataset and the version's estimator.

        Raises: NotFoundError; ArtifactError and EstimatorError where the version cannot be used.
        """
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            estimator = load_estimator(connection, data.job.model, data.job.params["version"])
            quota = read_quota(connection, data.job.owner, default=settings.stored_bytes)
        return cls(data, Estimator.from_bytes(estimator), quota)

    @property
    def progress(self) -> JobProgress:
        """How many rows are scored, and how many there are."""
        return JobProgress(self.summary.rows, self.data.dataset.rows)

    def activity(self) -> float:
        """Return a number that changes while work is done: time on the CPU, because one chunk may take long."""
        return cpu_activity()

    def prepare(self) -> None:
        """Open the dataset's file.

        Raises: ArtifactError, DatasetError.
        """
        self._table = self.data.open_table()

    def units(self) -> Iterator[WorkUnit]:
        """Score, a chunk of rows a unit, into a temporary file that is renamed when it is complete.

        Raises: TableError, ColumnError, EstimatorError; QuotaError; DiskFullError; ArtifactError.
        """
        assert self._table is not None  # noqa: S101 - prepare() comes first
        job, artifacts = self.data.job, self.data.artifacts
        explain = job.params["explain"]
        output = OUTPUTS[job.params["output"]](Layout.of(self.estimator, explain))
        with artifacts.draft(job.id, job.token, check=self.quota.check) as draft:
            for scored in score_file(self.estimator, *self._table, explain):
                draft.write(output.rows(scored))
                self.summary.add(scored, self.estimator)
                yield WorkUnit(self.progress)
            self.data.check_rows(self.summary.rows)
            draft.write(output.end())
            self._written = artifacts.keep(draft.received())

    def checkpoint(self) -> CheckpointRow | None:
        """Return None: another attempt starts anew."""
        return None

    def completion(self) -> Completion:
        """Return the transaction that makes the file the job's result."""
        artifact, summary, job = self._written, self.summary, self.data.job
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
