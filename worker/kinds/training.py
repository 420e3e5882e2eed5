"""A training: from a dataset and a spec to a new version of a registered model."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar, Self, TypeVar

from model.columns import Table
from model.columns.declared import text_columns
from model.environment import numerical_environment, same_bits
from model.errors import CheckpointError, Problem, SpecError
from model.estimator import Estimator, Fitting
from model.evaluation import warnings_of
from model.evaluation.full_report import CHAMPION
from model.gate import CannotTell, Gate, GateResult, judge
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.seen_rows import SeenRows
from model.spec import Recipe, parse_recipe
from model.storage import pack_checkpoint, sha256, unpack_checkpoint
from model.tables.reader import read_table
from model.training.checkpoint import Checkpoint
from model.training.footprint import SizeLimits
from model.training.report import EpochReport
from model.unseen import THIS, Contender, Unseen, held_out_rows, labelled_rows, read_rows, seen_rows
from store.database import Connection, Database
from store.jobs.checkpoints import MOST_BYTES, CheckpointRow, get_checkpoint
from store.jobs.claim import Claim
from store.jobs.finish import succeed_training
from store.jobs.heartbeat import JobProgress
from store.registry.aliases import NotPromoted, Promotion
from store.registry.versions import NewVersion
from store.rows import JobRow
from store.settings import Settings
from worker.champion import beside_champion
from worker.epoch_row import to_epoch
from worker.job_data import JobData, cpu_activity
from worker.outages import retry_through_outages
from worker.promotion import Holdout, decide_promotion
from worker.work import Completion, WorkUnit

log = logging.getLogger(__name__)
Resumed = TypeVar("Resumed")

GROWN = (
    "train again when the table has more new customers, or name a labelled dataset of customers that are in neither "
    "training table in gate.dataset"
)
LARGER = "name a labelled dataset with more customers that are in neither training table in gate.dataset"


@dataclass
class Training:
    """One attempt at one training; `restarted` says why a stored checkpoint was not used.

    `facts` are kept in the job's result and in the version's metrics, beside their own.
    """

    data: JobData
    table: Table
    fitting: Fitting
    restarted: str | None
    database: Database
    begun: float
    environment: dict[str, object]
    facts: Mapping[str, object] = field(default_factory=dict)
    _in_epoch: bool = False
    _held_out: dict[str, Unseen] = field(default_factory=dict)
    out_of_memory: ClassVar[str] = (
        "the training needs more memory than there is; take fewer units a layer, or a smaller batch_size"
    )

    @classmethod
    def prepare(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job and its dataset, and set the training up from the stored checkpoint if it can be used.

        Raises: NotFoundError; ArtifactError, DatasetError, TableError, ColumnError; SpecError where the stored spec is
        of another release, or of another target than churn, or needs too much.
        """
        begun, environment = time.monotonic(), numerical_environment()
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            stored = get_checkpoint(connection, job_id)
        recipe = _churn_recipe(data.job)
        table = read_table(*data.open_table(), text_columns(dict(recipe.common.columns)))
        data.check_rows(table.rows)
        options: dict[str, Any] = {
            "target": data.dataset.target,
            "id_column": data.dataset.id_column or None,
            "spec": recipe,
            "size_limits": SizeLimits(settings.training_bytes, MOST_BYTES),
        }
        fitting, restarted = resumed(partial(Fitting, table, **options), stored, environment, job_id)
        if fitting.epochs_done:
            log.info("job %s: resuming after epoch %d", job_id, fitting.epochs_done)
        return cls(data, table, fitting, restarted, database, begun, environment)

    @property
    def progress(self) -> JobProgress:
        """How many epochs were trained, and how many are planned."""
        return JobProgress(self.fitting.epochs_done, self.fitting.epochs_planned)

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
        promotion = retry_through_outages(self.decide_promotion)
        seconds = time.monotonic() - self.begun
        version = self.version(seconds)
        of_table = [warning for warning in self.fitting.warnings if warning["column"] is None]
        warnings = [*of_table, *warnings_of(version.metrics)]
        facts = {**self.facts, **({"warnings": warnings} if warnings else {})}

        def end(connection: Connection, claim: Claim) -> str:
            number = succeed_training(connection, claim, version, promotion, facts)
            return f"version {number} of {version.model} after {seconds:.1f} s"

        return end

    def decide_promotion(self) -> Promotion | NotPromoted | None:
        """Return the move of `champion`, or why it is not moved; None where the job does not promote."""
        return decide_promotion(self.database, self.data.artifacts, self.data.job, self.compare)

    def compare(
        self, champion: Contender, gate: Gate, holdout: Holdout | None = None
    ) -> tuple[GateResult | CannotTell, dict[str, Any]]:
        """Compare with the champion on the rows of the hold-out, else of this training, that neither has seen."""
        if holdout is None:
            unseen, remedy = self.held_out(champion), GROWN
        else:
            path, how, target = holdout
            mine = Contender(THIS, self.estimator, lambda: self.seen)
            rows = read_rows(path, how, champion, mine)
            unseen, remedy = labelled_rows(rows, target, champion, mine), LARGER
        return judge(unseen, gate, self.fitting.spec.seed, remedy), unseen.to_json()

    def held_out(self, champion: Contender) -> Unseen:
        """Return the held-out rows that the champion has not seen; the gate and the evaluation ask for the same."""
        if champion.name not in self._held_out:
            self._held_out[champion.name] = held_out_rows(self.table, self.fitting, champion)
        return self._held_out[champion.name]

    @cached_property
    def estimator(self) -> Estimator:
        """The estimator, once the last epoch is done: its reasons take seconds."""
        return self.fitting.estimator()

    @cached_property
    def seen(self) -> SeenRows:
        """The rows that this training has seen."""
        return seen_rows(self.table, self.fitting)

    def version(self, seconds: float) -> NewVersion:
        """Return all that the version keeps.

        Units: seconds, of the attempt that finished.
        """
        estimator = self.estimator
        metrics = {**estimator.metrics, "seconds": seconds, **self.facts}
        if evaluation := metrics.get("evaluation"):
            database, artifacts, model = self.database, self.data.artifacts, self.data.job.model
            champion = beside_champion(database, artifacts, model, self.held_out, self.fitting.spec.seed)
            others = {**evaluation["beside"], **({} if champion is None else {CHAMPION: champion})}
            metrics["evaluation"] = {**evaluation, "beside": others}
        return NewVersion(
            model=self.data.job.model,
            dataset_id=self.data.dataset.id,
            data_sha256=self.data.dataset.sha256,
            spec=self.fitting.recipe.to_json(),
            columns=estimator.encoder.to_json(),
            metrics=metrics,
            environment=self.environment,
            estimator=estimator.to_bytes(),
            weights_sha256=estimator.weights_sha256,
            seen_rows=self.seen.to_bytes(),
        )


def _churn_recipe(job: JobRow) -> Recipe:
    recipe = parse_recipe(job.params["spec"])
    if not isinstance(recipe.common.loss, BinaryCrossEntropy):
        detail = "the service learns who churned, from binary_cross_entropy: train other targets with python -m model"
        raise SpecError([Problem("/loss", "conflict", detail)])
    return recipe


def resumed(
    build: Callable[..., Resumed], stored: CheckpointRow | None, environment: Mapping[str, object], job_id: str
) -> tuple[Resumed, str | None]:
    """Build the work from the stored checkpoint; if that cannot be used, from the beginning, and return why."""
    try:
        return build(checkpoint=_read_checkpoint(stored, environment)), None
    except CheckpointError as error:
        log.warning("job %s: starting from the beginning: %s", job_id, error)
        return build(), str(error)


def _read_checkpoint(stored: CheckpointRow | None, environment: Mapping[str, object]) -> Checkpoint | None:
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
