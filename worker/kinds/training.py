"""A training: from a dataset and a spec to a new version of a registered model."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from model.columns import Table
from model.environment import numerical_environment, same_bits
from model.errors import CheckpointError, Problem, SpecError
from model.estimator import Estimator, Fitting
from model.gate import Gate, GateResult, evaluate_gate
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.spec import Spec, parse_spec
from model.storage import pack_checkpoint, sha256, unpack_checkpoint
from model.tables.reader import read_table
from model.training.footprint import SizeLimits
from model.training.report import EpochReport
from store.database import Connection, Database
from store.jobs.checkpoints import MOST_BYTES, CheckpointRow, get_checkpoint
from store.jobs.claim import Claim
from store.jobs.finish import succeed_training
from store.jobs.heartbeat import JobProgress
from store.registry.versions import NewVersion
from store.settings import Settings
from worker.epoch_row import to_epoch
from worker.job_data import JobData, cpu_activity
from worker.outages import retry_through_outages
from worker.promotion import decide_promotion
from worker.work import Completion, WorkUnit

log = logging.getLogger(__name__)


@dataclass
class Training:
    """One attempt at one training; `done` is the epoch of the last report, or of the checkpoint it resumes from."""

    data: JobData
    spec: Spec
    stored: CheckpointRow | None
    size_limits: SizeLimits
    database: Database
    begun: float = field(default_factory=time.monotonic)
    environment: dict[str, object] = field(default_factory=numerical_environment)
    done: int = 0
    _fitting: Fitting | None = None
    _table: Table | None = None
    _in_epoch: bool = False
    out_of_memory: ClassVar[str] = (
        "the training needs more memory than there is; take fewer units a layer, or a smaller batch_size"
    )

    @classmethod
    def load(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job, its dataset and its last checkpoint.

        Raises: NotFoundError; SpecError where the stored spec is of another release, or of another target than churn.
        """
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            stored = get_checkpoint(connection, job_id)
        spec = parse_spec(data.job.params["spec"])
        if not isinstance(spec.loss, BinaryCrossEntropy):
            detail = (
                "the service learns who churned, from binary_cross_entropy: train other targets with python -m model"
            )
            raise SpecError([Problem("/loss", "conflict", detail)])
        return cls(data, spec, stored, SizeLimits(settings.training_bytes, MOST_BYTES), database)

    @property
    def progress(self) -> JobProgress:
        """How many epochs were trained, and how many are planned."""
        return JobProgress(self.done, self.spec.epochs)

    @property
    def fitting(self) -> Fitting:
        """The training under way."""
        assert self._fitting is not None  # noqa: S101 - prepare() comes first
        return self._fitting

    def activity(self) -> float:
        """Return a number that changes while work is done: steps within an epoch, time on the CPU around them."""
        return -1 - self.fitting.steps_taken if self._in_epoch else cpu_activity()

    def prepare(self) -> str | None:
        """Read the table, and set the training up from the stored checkpoint if it can be used.

        Return why it cannot, where there is one.

        Raises: ArtifactError, DatasetError, TableError, ColumnError; SpecError where it needs too much.
        """
        path, table_format = self.data.open_table()
        self._table = table = read_table(path, table_format)
        self.data.check_rows(table.rows)
        options: dict[str, Any] = {
            "target": self.data.dataset.target,
            "id_column": self.data.dataset.id_column or None,
            "spec": self.spec,
            "size_limits": self.size_limits,
        }
        try:
            self._fitting = self._resumed(table, options) or Fitting(table, **options)
        except CheckpointError as error:
            log.warning("job %s: starting at epoch 0: %s", self.data.job.id, error)
            self._fitting = Fitting(table, **options)
            return str(error)
        return None

    def _resumed(self, table: Table, options: dict[str, Any]) -> Fitting | None:
        """Resume from the stored checkpoint if it is whole, and of this environment and training.

        Raises: CheckpointError.
        """
        if self.stored is None:
            return None
        if sha256(self.stored.state) != self.stored.sha256:
            raise CheckpointError("its checkpoint is damaged")
        checkpoint = unpack_checkpoint(self.stored.state)
        before = checkpoint.header.get("environment") or {}
        if not same_bits(before, self.environment):
            raise CheckpointError(f"the numerical environment was another: {_differences(before, self.environment)}")
        fitting = Fitting(table, **options, checkpoint=checkpoint)
        log.info("job %s: resuming after epoch %d", self.data.job.id, self.stored.epoch)
        self.done = self.stored.epoch
        return fitting

    def units(self) -> Iterator[WorkUnit]:
        """Train, an epoch a unit.

        Raises: DivergedError.
        """
        reports = self.fitting.epochs()
        while (report := self._next(reports)) is not None:
            self.done = report.epoch
            yield WorkUnit(self.progress, to_epoch(report))

    def _next(self, reports: Iterator[EpochReport]) -> EpochReport | None:
        self._in_epoch = True
        try:
            return next(reports, None)
        finally:
            self._in_epoch = False

    def checkpoint(self) -> CheckpointRow | None:
        """Return the state after the last epoch."""
        checkpoint = self.fitting.checkpoint()
        checkpoint.header["environment"] = self.environment
        state = pack_checkpoint(checkpoint)
        return CheckpointRow(self.done, state, sha256(state))

    def completion(self) -> Completion:
        """Return the transaction that adds the version, and moves `champion` where that was asked for and earned."""
        promotion = retry_through_outages(lambda: decide_promotion(self.database, self.data.job, self.compare))
        seconds = time.monotonic() - self.begun
        version = self.version(seconds)

        def end(connection: Connection, claim: Claim) -> str:
            number = succeed_training(connection, claim, version, promotion)
            return f"version {number} of {version.model} after {seconds:.1f} s"

        return end

    def compare(self, champion: Estimator, gate: Gate) -> GateResult | None:
        """Compare with the champion on this training's validation rows; None where they do not define the metric."""
        assert self._table is not None  # noqa: S101 - prepare() comes first
        chosen = self.fitting.valid_rows
        y = self.fitting.y[chosen]
        if len(y) == 0 or y.min() == y.max():
            return None
        rows = self._table.take(chosen)
        theirs = champion.log_odds(rows.columns, rows.rows)
        return evaluate_gate(y, theirs, self.fitting.validation_log_odds(), gate, self.spec.seed)

    def version(self, seconds: float) -> NewVersion:
        """Return all that the version keeps.

        Units: seconds, of the attempt that finished.
        """
        estimator = self.fitting.estimator()
        return NewVersion(
            model=self.data.job.model,
            dataset_id=self.data.dataset.id,
            data_sha256=self.data.dataset.sha256,
            spec=self.spec.to_json(),
            columns=estimator.encoder.to_json(),
            metrics={**estimator.metrics, "seconds": seconds},
            environment=self.environment,
            estimator=estimator.to_bytes(),
            weights_sha256=estimator.weights_sha256,
        )


def _differences(before: Mapping[str, object], here: Mapping[str, object]) -> str:
    names = [name for name in here if before.get(name) != here[name]]
    return ", ".join(f"{name} was {before.get(name)} and is {here[name]}" for name in names)
