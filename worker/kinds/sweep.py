"""A sweep: compares configurations by cross-validation, and makes the winner a new version."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

from model.columns import Table
from model.environment import numerical_environment
from model.storage import pack_checkpoint, sha256
from model.sweep.plan_parser import parse_plan
from model.sweep.standing import Standing
from model.sweep.summary import summary
from model.sweep.sweep import Sweep
from model.tables.reader import read_table
from model.training.footprint import SizeLimits
from store.database import Database
from store.jobs.checkpoints import MOST_BYTES, CheckpointRow, get_checkpoint
from store.jobs.heartbeat import JobProgress
from store.settings import Settings
from worker.job_data import JobData, cpu_activity
from worker.kinds.training import Training, resumed
from worker.work import Completion, WorkUnit

log = logging.getLogger(__name__)


@dataclass
class SweepWork:
    """One attempt at one sweep; `restarted` says why a stored checkpoint was not used."""

    data: JobData
    table: Table
    sweep: Sweep
    restarted: str | None
    database: Database
    begun: float
    environment: dict[str, object]
    out_of_memory: ClassVar[str] = (
        "the sweep needs more memory than there is; take fewer folds, fewer units a layer, or a smaller batch_size"
    )

    @classmethod
    def prepare(cls, settings: Settings, database: Database, job_id: str) -> Self:
        """Read the job and its dataset, and set the sweep up from the stored checkpoint if it can be used.

        Raises: NotFoundError; ArtifactError, DatasetError, TableError, ColumnError; SpecError where a stored spec is of
        another release.
        """
        begun, environment = time.monotonic(), numerical_environment()
        with database.read() as connection:
            data = JobData.read(connection, job_id, settings)
            stored = get_checkpoint(connection, job_id)
        plan = parse_plan(data.job.params)
        table = read_table(*data.open_table(), plan.text_columns)
        data.check_rows(table.rows)
        options: dict[str, Any] = {
            "target": data.dataset.target,
            "id_column": data.dataset.id_column or None,
            "plan": plan,
            "size_limits": SizeLimits(settings.training_bytes, MOST_BYTES),
        }
        sweep, restarted = resumed(partial(Sweep, table, **options), stored, environment, job_id)
        if sweep.epochs_done:
            log.info("job %s: resuming after %d epochs", job_id, sweep.epochs_done)
        return cls(data, table, sweep, restarted, database, begun, environment)

    @property
    def progress(self) -> JobProgress:
        """How many epochs were trained in all configurations, and how many are planned."""
        return JobProgress(self.sweep.epochs_done, self.sweep.plan.epochs)

    def activity(self) -> float:
        """Return a number that changes while work is done: steps within an epoch, time on the CPU around them."""
        return -1 - self.sweep.steps_taken if self.sweep.in_epoch else cpu_activity()

    def units(self) -> Iterator[WorkUnit]:
        """Train, an epoch of one configuration a unit; another unit has the standing of a configuration.

        Raises: SweepError, TableError, ColumnError.
        """
        for step in self.sweep.steps():
            yield WorkUnit(self.progress, standing=step.to_json() if isinstance(step, Standing) else None)

    def checkpoint(self) -> CheckpointRow | None:
        """Return the state after the last epoch, with that of each paused configuration."""
        checkpoint = self.sweep.checkpoint()
        checkpoint.header["environment"] = self.environment
        state = pack_checkpoint(checkpoint)
        return CheckpointRow(self.sweep.epochs_done, state, sha256(state))

    def completion(self) -> Completion:
        """Return the transaction that adds the winner's version, as a training of its spec would."""
        fitting = self.sweep.fitting
        training = Training(
            data=self.data,
            table=self.table,
            fitting=fitting,
            restarted=None,
            database=self.database,
            begun=self.begun,
            environment=self.environment,
            facts={"sweep": {"job": self.data.job.id, **summary(self.sweep.plan, self.sweep.leaderboard)}},
        )
        return training.completion()
