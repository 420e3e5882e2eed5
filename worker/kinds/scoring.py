"""A scoring: scores a whole dataset with the version that was chosen when the job was submitted, or lists whom to call.

There are no checkpoints: after an interruption the next attempt starts at the first row, and makes the same bytes from
the same dataset, version and layout.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from model.call_list import CallList, CallListOptions, CallListSummary
from model.estimator import Estimator
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import ScoringSummary
from model.scoring import score_file, usual_reading
from model.tables.file_reading import FileReading
from store.artifacts import Artifact, Draft
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
    table: tuple[Path, FileReading]
    summary: ScoringSummary = field(default_factory=ScoringSummary)
    listed: CallListSummary | None = None
    written: Artifact = field(init=False)  # once every unit is done
    restarted: str | None = None  # there is no checkpoint to resume from
    out_of_memory: ClassVar[str] = "the scoring needs more memory than there is; see EBB_TRAINING_BYTES"

    @classmethod
    def prepare(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job and the version's estimator, and open the dataset's file.

        Raises: NotFoundError; DatasetError; ArtifactError and EstimatorError where the version cannot be used.
        """
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            estimator = load_estimator(connection, data.job.model, data.job.params["version"])
            quota = read_quota(connection, data.job.owner, default=settings.stored_bytes)
        path, how = data.open_table()
        used = Estimator.from_bytes(estimator)
        reading, warnings = usual_reading(used, path, how)
        told = tuple(warning.to_json() for warning in warnings) or data.file_warnings
        return cls(data, used, quota, (path, reading), ScoringSummary(reading=told))

    @property
    def progress(self) -> JobProgress:
        """How many rows are scored, and how many there are."""
        return JobProgress(self.summary.rows, self.data.dataset.rows)

    def activity(self) -> float:
        """Return a number that changes while work is done: time on the CPU, because one chunk may take long."""
        return cpu_activity()

    def units(self) -> Iterator[WorkUnit]:
        """Score, a chunk of rows a unit, into a temporary file that is renamed when it is complete.

        Raises: TableError, ColumnError, EstimatorError; QuotaError; DiskFullError; ArtifactError.
        """
        job, artifacts = self.data.job, self.data.artifacts
        with artifacts.draft(job.id, job.token, check=self.quota.check) as draft:
            listed = job.params.get("call_list")
            yield from self._scores(draft) if listed is None else self._call_list(draft, listed)
            self.written = artifacts.keep(draft.received())

    def _scores(self, draft: Draft) -> Iterator[WorkUnit]:
        explain, direction = self.data.job.params["explain"], self.data.job.params.get("direction")
        output = OUTPUTS[self.data.job.params["output"]](Layout.of(self.estimator, explain))
        for scored in score_file(self.estimator, *self.table, explain, direction):
            draft.write(output.rows(scored))
            self.summary.add(scored, self.estimator)
            yield WorkUnit(self.progress)
        self.data.check_rows(self.summary.rows)
        draft.write(output.end())

    def _call_list(self, draft: Draft, wanted: dict[str, Any]) -> Iterator[WorkUnit]:
        churned = self.data.dataset.target or self.estimator.target
        options = CallListOptions.from_json(wanted, self.data.job.params["explain"], churned)
        calls = CallList(self.estimator, *self.table, options)
        for scored in calls.rank():
            self.summary.add(scored, self.estimator)
            yield WorkUnit(self.progress)
        self.data.check_rows(self.summary.rows)
        for _ in calls.explain():
            yield WorkUnit(self.progress)
        for line in calls.lines():
            draft.write(line)
        self.listed = calls.summary()

    def checkpoint(self) -> CheckpointRow | None:
        """Return None: another attempt starts anew."""
        return None

    def completion(self) -> Completion:
        """Return the transaction that makes the file the job's result."""
        artifact, summary, job = self.written, self.summary, self.data.job
        result = {
            "model": job.model,
            "version": job.params["version"],
            **summary.to_json(),
            **({} if self.listed is None else {"call_list": self.listed.to_json()}),
            "sha256": artifact.sha256,
            "bytes": artifact.size,
        }

        def end(connection: Connection, claim: Claim) -> str:
            succeed(connection, claim, result)
            add_result(connection, claim.job_id, artifact)
            return f"scored {summary.rows} rows by version {job.params['version']} of {job.model}"

        return end
