"""An evaluation: scores a labelled dataset by a version, and reports how good the version is on it.

There are no checkpoints: after an interruption the next attempt starts at the first row, and reports the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from model.campaign import Economics
from model.evaluation.labelled_rows import LabelledRows, evaluate_labelled, joined, read_labelled
from model.evaluation.size import check_evaluation_size
from model.tables.file_reading import FileReading
from model.unseen import Contender
from store.alias_names import CHAMPION
from store.database import Connection, Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.finish import succeed
from store.jobs.heartbeat import JobProgress
from store.registry.aliases import find_alias
from store.settings import Settings
from worker.champion import UNUSABLE, unusable
from worker.job_data import JobData, cpu_activity
from worker.promotion import load_contender
from worker.work import Completion, WorkUnit

SEED = 0


@dataclass
class EvaluationWork:
    """One attempt at one evaluation."""

    data: JobData
    version: Contender
    champion: tuple[int, Contender] | None
    table: tuple[Path, FileReading]
    unusable: dict[str, Any] | None = None  # the entry of a champion that cannot be compared with
    chunks: list[LabelledRows] = field(default_factory=list)
    result: dict[str, object] = field(init=False)  # once every unit is done
    restarted: str | None = None  # there is no checkpoint to resume from
    out_of_memory: ClassVar[str] = "the evaluation needs more memory than there is: evaluate on fewer rows or columns"

    @classmethod
    def prepare(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job, the version and another one that is the champion, and open the dataset's file.

        Raises: NotFoundError; DatasetError; ArtifactError, ExpiredError and ModelError where the version is unusable;
        TableError where the dataset is too large.
        """
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            alias = find_alias(connection, data.job.model, CHAMPION)
        model, number, champion, note = data.job.model, data.job.params["version"], None, None
        version = load_contender(database, data.artifacts, model, number)
        check_evaluation_size(data.dataset.rows, len(version.estimator.encoder.columns), settings.training_bytes)
        if alias is not None and alias.version != number:
            try:
                champion = alias.version, load_contender(database, data.artifacts, model, alias.version)
                _ = champion[1].seen  # of an earlier release, they are made from its table
            except UNUSABLE as error:
                champion, note = None, unusable(model, alias.version, error)
        return cls(data, version, champion, data.open_table(), note)

    @property
    def progress(self) -> JobProgress:
        """How many rows are scored, and how many there are."""
        return JobProgress(sum(chunk.counts.rows for chunk in self.chunks), self.data.dataset.rows)

    def activity(self) -> float:
        """Return a number that changes while work is done: time on the CPU, because the report may take long."""
        return cpu_activity()

    def units(self) -> Iterator[WorkUnit]:
        """Score, a chunk of rows a unit, and make the report of all rows.

        Raises: TableError, ColumnError, EstimatorError.
        """
        number, champion = self.champion or (None, None)
        for chunk in read_labelled(self.version, champion, *self.table):
            self.chunks.append(chunk)
            yield WorkUnit(self.progress)
        self.data.check_rows(self.progress.done)
        job, labelled = self.data.job, joined(self.chunks)
        report = evaluate_labelled(labelled, Economics(**job.params["economics"]), SEED, number)
        if self.unusable is not None:
            report["beside"][CHAMPION] = self.unusable
        self.result = {
            "model": job.model,
            "version": job.params["version"],
            "dataset": job.dataset_id,
            **labelled.counts._asdict(),
            "report": report,
        }

    def checkpoint(self) -> CheckpointRow | None:
        """Return None: another attempt starts anew."""
        return None

    def completion(self) -> Completion:
        """Return the transaction that stores the report."""
        job, result = self.data.job, self.result

        def end(connection: Connection, claim: Claim) -> str:
            succeed(connection, claim, result)
            return f"evaluated version {job.params['version']} of {job.model} on {result['rows']} rows"

        return end
