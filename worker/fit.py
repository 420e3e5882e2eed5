"""A training job as the mathematics sees it: its row, dataset and checkpoint in, epochs and an estimator out."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from model.columns import Table
from model.environment import numerical_environment, same_bits
from model.errors import CheckpointError, Problem, SpecError
from model.estimator import Estimator, Fitting
from model.gate import Gate, GateResult, evaluate_gate
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.spec import Spec, parse_spec
from model.storage import pack_checkpoint, sha256, unpack_checkpoint
from model.tables.reader import MEDIA_TYPES, read_table
from model.training.footprint import SizeLimits
from model.training.report import EpochReport
from store.artifacts import ArtifactStore
from store.database import Database, Row
from store.datasets import get_dataset
from store.jobs.checkpoints import MOST_BYTES, CheckpointRow, get_checkpoint
from store.jobs.heartbeat import EpochRow
from store.jobs.read import get_job
from store.settings import Settings
from worker.epoch_row import row_of
from worker.errors import DatasetError

log = logging.getLogger(__name__)

CPU_SECONDS = 0.1  # more than what watches a hung training takes for itself


@dataclass
class Fit:
    """One attempt at one training job."""

    job: Row[Any]
    dataset: Row[Any]
    stored: Row[Any] | None
    artifacts: ArtifactStore
    spec: Spec
    most: SizeLimits
    _fitting: Fitting | None = None
    _table: Table | None = None
    _epoch: int = 0
    _in_epoch: bool = False
    _environment: dict[str, object] = field(default_factory=numerical_environment)

    @classmethod
    def load(cls, settings: Settings, database: Database, job_id: str) -> "Fit":
        """Read the job, its dataset and its last checkpoint.

        Raises: NotFoundError; SpecError where the stored spec is of another release, or of another target than churn.
        """
        with database.read() as connection:
            job = get_job(connection, job_id)
            dataset = get_dataset(connection, job.dataset_id)
            stored = get_checkpoint(connection, job_id)
        spec = parse_spec(job.params["spec"])
        if not isinstance(spec.loss, BinaryCrossEntropy):
            detail = (
                "the service learns who churned, from binary_cross_entropy: train other targets with python -m model"
            )
            raise SpecError([Problem("/loss", "conflict", detail)])
        most = SizeLimits(settings.training_bytes, MOST_BYTES)
        return cls(job, dataset, stored, ArtifactStore(settings.artifacts), spec, most)

    @property
    def total(self) -> int:
        """How many epochs are planned."""
        return self.spec.epochs

    @property
    def done(self) -> int:
        """The epoch that the last report, or the checkpoint taken up, was of."""
        return self._epoch

    @property
    def environment(self) -> dict[str, object]:
        """What the numbers were made with."""
        return self._environment

    def activity(self) -> float:
        """Return a number that changes while work is done: steps within an epoch, time on the CPU around them."""
        if self._in_epoch:
            return -1 - self.fitting.steps_taken
        return time.process_time() // CPU_SECONDS

    @property
    def fitting(self) -> Fitting:
        """The training under way."""
        assert self._fitting is not None  # noqa: S101 - prepare() comes first
        return self._fitting

    def prepare(self) -> str | None:
        """Read the table and set the training up, where the last attempt stopped if that is possible.

        Return why it is not, where that attempt stored a checkpoint.

        Raises: ArtifactError, DatasetError, TableError, ColumnError; SpecError where it needs too much.
        """
        path = self.artifacts.open_path(self.dataset.sha256)
        if self.dataset.media_type not in MEDIA_TYPES:
            raise DatasetError(f"dataset {self.dataset.id} is {self.dataset.media_type}, which cannot be read")
        table = read_table(path, MEDIA_TYPES[self.dataset.media_type])
        if table.rows != self.dataset.rows:
            raise DatasetError(f"dataset {self.dataset.id} has {table.rows} rows, not {self.dataset.rows}")
        how: dict[str, Any] = {
            "target": self.dataset.target,
            "id_column": self.dataset.id_column or None,
            "spec": self.spec,
            "size_limits": self.most,
        }
        self._table = table
        try:
            self._fitting = self._resumed(table, how) or Fitting(table, **how)
        except CheckpointError as error:
            log.warning("job %s: starting at epoch 0: %s", self.job.id, error)
            self._fitting = Fitting(table, **how)
            return str(error)
        return None

    def _resumed(self, table: Table, how: dict[str, Any]) -> Fitting | None:
        """Go on where the last attempt stored a checkpoint, if that is whole, of this very environment and training.

        Raises: CheckpointError.
        """
        if self.stored is None:
            return None
        if sha256(self.stored.state) != self.stored.sha256:
            raise CheckpointError("its checkpoint is damaged")
        checkpoint = unpack_checkpoint(self.stored.state)
        before = checkpoint.header.get("environment") or {}
        if not same_bits(before, self._environment):
            raise CheckpointError(f"the numerical environment was another: {_differing(before, self._environment)}")
        fitting = Fitting(table, **how, checkpoint=checkpoint)
        log.info("job %s: going on after epoch %d", self.job.id, self.stored.epoch)
        self._epoch = self.stored.epoch
        return fitting

    def epochs(self) -> Iterator[EpochRow]:
        """Train, and yield what is kept of each epoch.

        Raises: DivergedError.
        """
        reports = self.fitting.epochs()
        while (report := self._next(reports)) is not None:
            self._epoch = report.epoch
            yield row_of(report)

    def _next(self, reports: Iterator[EpochReport]) -> EpochReport | None:
        self._in_epoch = True
        try:
            return next(reports, None)
        finally:
            self._in_epoch = False

    def checkpoint(self) -> CheckpointRow:
        """Return the state after the last epoch."""
        checkpoint = self.fitting.checkpoint()
        checkpoint.header["environment"] = self._environment
        state = pack_checkpoint(checkpoint)
        return CheckpointRow(self._epoch, state, sha256(state))

    def estimator(self) -> Estimator:
        """Return the finished estimator, with the best parameters."""
        return self.fitting.estimator()

    def judged(self, champion: Estimator, gate: Gate) -> GateResult | None:
        """Compare with the champion on this training's validation rows; None where they do not define the metric."""
        assert self._table is not None  # noqa: S101 - prepare() comes first
        chosen = self.fitting.valid_rows
        y = self.fitting.y[chosen]
        if len(y) == 0 or y.min() == y.max():
            return None
        rows = self._table.take(chosen)
        theirs = champion.log_odds(rows.columns, rows.rows)
        return evaluate_gate(y, theirs, self.fitting.validation_log_odds(), gate, self.spec.seed)


def _differing(before: Mapping[str, object], here: Mapping[str, object]) -> str:
    names = [name for name in here if before.get(name) != here[name]]
    return ", ".join(f"{name} was {before.get(name)} and is {here[name]}" for name in names)
