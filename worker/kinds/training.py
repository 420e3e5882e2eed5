"""A training: from a dataset and a spec to a new version of a registered model."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from model.columns import Table
from model.environment import numerical_environment, same_bits
from model.errors import CheckpointError, Problem, SpecError
from model.estimator import Estimator, Fitting
from model.evaluation import warnings_of
from model.gate import Gate, GateResult, evaluate_gate
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.spec import Spec, parse_spec
from model.storage import pack_checkpoint, sha256, unpack_checkpoint
from model.tables.reader import read_table
from model.training.checkpoint import Checkpoint
from model.training.footprint import SizeLimits
from model.training.report import EpochReport
from store.database import Connection, Database
from store.jobs.checkpoints import MOST_BYTES, CheckpointRow, get_checkpoint
from store.jobs.claim import Claim
from store.jobs.finish import succeed_training
from store.jobs.heartbeat import JobProgress
from store.registry.versions import NewVersion
from store.rows import JobRow
from store.settings import Settings
from worker.epoch_row import to_epoch
from worker.job_data import JobData, cpu_activity
from worker.outages import retry_through_outages
from worker.promotion import decide_promotion
from worker.work import Completion, WorkUnit

log = logging.getLogger(__name__)


@dataclass
class Training:
    """One attempt at one training; `restarted` says why a stored checkpoint was not used."""

    data: JobData
    spec: Spec
    table: Table
    fitting: Fitting
    restarted: str | None
    database: Database
    begun: float
    environment: dict[str, object]
    _in_epoch: bool = False
    out_of_memory: ClassVar[str] = (
        "the training needs more memory than there is; take fewer units a layer, or a smaller batch_size"
    )

    @classmethod
    def prepare(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job and its dataset, and set the training up from the stored checkpoint if it can be used.

        Raises: NotFoundError; ArtifactError, DatasetError, TableError, ColumnError; SpecError where the stored spec is
        of another release, or of another target than churn, or needs too much.
        """
        begun, environment, restarted = time.monotonic(), numerical_environment(), None
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            stored = get_checkpoint(connection, job_id)
        spec = _churn_spec(data.job)
        table = read_table(*data.open_table())
        data.check_rows(table.rows)
        options: dict[str, Any] = {
            "target": data.dataset.target,
            "id_column": data.dataset.id_column or None,
            "spec": spec,
            "size_limits": SizeLimits(settings.training_bytes, MOST_BYTES),
        }
        try:
            fitting = Fitting(table, **options, checkpoint=_checkpoint(stored, environment))
        except CheckpointError as error:
            log.warning("job %s: starting at epoch 0: %s", job_id, error)
            fitting, restarted = Fitting(table, **options), str(error)
        if fitting.epochs_done:
            log.info("job %s: resuming after epoch %d", job_id, fitting.epochs_done)
        return cls(data, spec, table, fitting, restarted, database, begun, environment)

    @property
    def progress(self) -> JobProgress:
        """How many epochs were trained, and how many are planned."""
        return JobProgress(self.fitting.epochs_done, self.spec.epochs)

    def activity(self) -> float:
        """Return a number that changes while work is done: steps within an epoch, time on the CPU around them."""
        return -1 - self.fitting.steps_taken if self._in_epoch else cpu_activity()

    def units(self) -> Iterator[WorkUnit]:
        """Train, an epoch a unit.

        Raises: DivergedError.
        """
        reports = self.fitting.epochs()
        while (report := self._next(reports)) is not None:
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
        return CheckpointRow(self.fitting.epochs_done, state, sha256(state))

    def completion(self) -> Completion:
        """Return the transaction that adds the version, and moves `champion` where the job promotes it."""
        promotion = retry_through_outages(lambda: decide_promotion(self.database, self.data.job, self.compare))
        seconds = time.monotonic() - self.begun
        version = self.version(seconds)

        def end(connection: Connection, claim: Claim) -> str:
            number = succeed_training(connection, claim, version, promotion, warnings_of(version.metrics))
            return f"version {number} of {version.model} after {seconds:.1f} s"

        return end

    def compare(self, champion: Estimator, gate: Gate) -> GateResult | None:
        """Compare with the champion on this training's validation rows; None where they do not define the metric."""
        chosen = self.fitting.valid_rows
        y = self.fitting.y[chosen]
        if len(y) == 0 or y.min() == y.max():
            return None
        rows = self.table.take(chosen)
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


def _churn_spec(job: JobRow) -> Spec:
    spec = parse_spec(job.params["spec"])
    if not isinstance(spec.loss, BinaryCrossEntropy):
        detail = "the service learns who churned, from binary_cross_entropy: train other targets with python -m model"
        raise SpecError([Problem("/loss", "conflict", detail)])
    return spec


def _checkpoint(stored: CheckpointRow | None, environment: Mapping[str, object]) -> Checkpoint | None:
    """Return the stored checkpoint, if there is one.

    Raises: CheckpointError where it is damaged, or of another numerical environment.
    """
    if stored is None:
        return None
    if sha256(stored.state) != stored.sha256:
        raise CheckpointError("its checkpoint is damaged")
    checkpoint = unpack_checkpoint(stored.state)
    before = checkpoint.header.get("environment") or {}
    if not same_bits(before, environment):
        raise CheckpointError(f"the numerical environment was another: {_differences(before, environment)}")
    return checkpoint


def _differences(before: Mapping[str, object], here: Mapping[str, object]) -> str:
    names = [name for name in here if before.get(name) != here[name]]
    return ", ".join(f"{name} was {before.get(name)} and is {here[name]}" for name in names)
