"""A sweep: trains configurations rung by rung, and yields the report of each epoch and the standing of each rung."""

import math
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from model.columns import Table
from model.errors import CheckpointError, ColumnError, DivergedError, SpecError
from model.estimator import Fitting
from model.sweep.leaderboard import Leaderboard
from model.sweep.paused import MOST_PAUSED_BYTES, PausedStates, read_state, write_states
from model.sweep.standing import Standing, measure
from model.sweep.sweep_plan import SweepPlan
from model.training.checkpoint import Checkpoint
from model.training.footprint import SizeLimits
from model.training.report import EpochReport

CURRENT = "current"


class Sweep:
    """Compares the configurations of a plan on a table.

    One configuration trains at a time, its folds side by side as members. A rung pauses a training by its checkpoint,
    so that the winner ends with the bytes of a training by its spec alone.

    Raises: TableError and ColumnError when the checkpoint's configuration cannot be trained on this table;
    CheckpointError when the checkpoint belongs to another sweep.
    """

    def __init__(  # noqa: PLR0913 - table, plan and limits, as of Fitting
        self,
        table: Table,
        *,
        target: str,
        id_column: str | None = None,
        plan: SweepPlan,
        checkpoint: Checkpoint | None = None,
        size_limits: SizeLimits | None = None,
        paused_bytes: int = MOST_PAUSED_BYTES,
    ) -> None:
        self.plan, self.leaderboard = plan, Leaderboard(plan.rungs)
        self.in_epoch = False
        self._table, self._paused = table, PausedStates(paused_bytes)
        self._options: dict[str, Any] = {"target": target, "id_column": id_column, "size_limits": size_limits}
        self._fitting: Fitting | None = None
        self._configuration: int | None = None
        self._from_epoch = 0
        self._rung: int | None = None
        self._done, self._ends = 0, [0, *(rung.epochs for rung in plan.rungs)]
        if checkpoint is not None:
            self._resume(checkpoint)

    def steps(self) -> Iterator[EpochReport | Standing]:
        """Train until the winner is known and trained to its end: `fitting` then is the winner's.

        Raises: SweepError where no configuration can be trained; TableError and ColumnError.
        """
        while (place := self.leaderboard.next()) is not None:
            self._rung = place[0]
            yield from self._step(*place)
        self._rung = None
        winner = self.leaderboard.winner().configuration
        if self._configuration != winner:
            self._begin(winner)
        yield from self._train(self.fitting.spec.epochs)

    @property
    def fitting(self) -> Fitting:
        """The fitting of the configuration in training; after the last step, of the winner."""
        assert self._fitting is not None  # noqa: S101 - `steps` has begun one
        return self._fitting

    @property
    def steps_taken(self) -> int:
        """The number of steps of the configuration in training, including those of the current epoch."""
        return 0 if (fitting := self._fitting) is None else fitting.steps_taken

    @property
    def epochs_done(self) -> int:
        """The number of epochs done, of `plan.epochs`. A training that stopped early counts as if it had not."""
        if self._rung is None or self._fitting is None:
            return self._done
        begun, end = self._ends[self._rung : self._rung + 2]
        return self._done + min(max(begun, self._fitting.epochs_done), end) - begun

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last step, with the states of paused configurations."""
        paused, arrays = self._paused.write()
        current, more = write_states({} if self._fitting is None else {CURRENT: self._fitting.checkpoint()})
        header = {
            "sweep": self.plan.digest,
            "standings": [standing.to_json() for standing in self.leaderboard.standings],
            "configuration": self._configuration,
            "from_epoch": self._from_epoch,
            "rung": self._rung,
            CURRENT: current.get(CURRENT),
            "paused": paused,
        }
        return Checkpoint(header, arrays | more)

    def _resume(self, checkpoint: Checkpoint) -> None:
        header = checkpoint.header
        if header.get("sweep") != self.plan.digest:
            raise CheckpointError("the checkpoint is from another sweep: start afresh")
        for raw in header["standings"]:
            self._add(Standing.from_json(raw))
        self._paused.read(header["paused"], checkpoint.arrays)
        if header[CURRENT] is not None:
            self._fit(header["configuration"], read_state(CURRENT, header[CURRENT], checkpoint.arrays))
            self._from_epoch, self._rung = header["from_epoch"], header["rung"]

    def _step(self, rung: int, configuration: int) -> Iterator[EpochReport | Standing]:
        """Train one configuration to the end of a rung; one whose training has ended keeps its standing."""
        before = self.leaderboard.at(rung - 1, configuration)
        if before is not None and before.finished:
            standing = replace(before, rung=rung, from_epoch=before.epochs)
        else:
            try:
                if self._configuration != configuration:
                    self._begin(configuration)
                finished = yield from self._train(self.plan.rungs[rung].epochs)
                standing = self._standing(rung, configuration, finished)
                self._paused.keep(configuration, self.fitting.checkpoint())
            except (DivergedError, SpecError, ColumnError) as error:
                if isinstance(error, ColumnError) and error.role:  # the target or id: no configuration can help
                    raise
                changes = self.plan.configurations[configuration]
                standing = Standing(
                    configuration=configuration, changes=changes, rung=rung, epochs=0, finished=True, error=str(error)
                )
            self._configuration, self._fitting = None, None
        self._add(standing)
        self._paused.prune(self.leaderboard.may_train_on, self.leaderboard.order)
        yield standing

    def _add(self, standing: Standing) -> None:
        self.leaderboard.add(standing)
        self._done += self._ends[standing.rung + 1] - self._ends[standing.rung]

    def _begin(self, configuration: int) -> None:
        self._fit(configuration, self._paused.take(configuration))
        self._from_epoch = self.fitting.epochs_done

    def _fit(self, configuration: int, state: Checkpoint | None) -> None:
        spec = self.plan.specs[configuration]
        self._fitting = Fitting(self._table, **self._options, spec=spec, checkpoint=state)
        self._configuration = configuration

    def _train(self, until: int) -> Generator[EpochReport, None, bool]:
        """Train the current configuration to an epoch; return whether its training has ended."""
        pausing = until < self.fitting.spec.epochs
        reports = self.fitting.epochs()
        while not (pausing and self.fitting.epochs_done >= until):
            self.in_epoch = True
            try:
                report = next(reports, None)
            finally:
                self.in_epoch = False
            if report is None:
                return True
            yield report
        return False

    def _standing(self, rung: int, configuration: int, finished: bool) -> Standing:
        fitting, rows = self.fitting, self.fitting.valid_rows
        assert fitting.split.folds is not None  # noqa: S101 - a plan's specs have folds
        figures = measure(fitting.y[rows], fitting.validation_log_odds(), fitting.split.folds[rows])
        if not math.isfinite(figures["loss"]):
            figures = {"error": "the losses of held-out rows are not finite: lower optimizer.learning_rate"}
        return Standing(
            configuration=configuration,
            changes=self.plan.configurations[configuration],
            rung=rung,
            epochs=fitting.epochs_done,
            from_epoch=self._from_epoch,
            finished=finished,
            **figures,
        )
