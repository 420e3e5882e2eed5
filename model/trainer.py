"""Training as a generator of epoch reports."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from model.checkpoint import Checkpoint
from model.design import Design, Floats
from model.errors import DivergedError
from model.network import Network
from model.parameters import Numbers, initialize
from model.program import Program
from model.progress import Progress
from model.random import shuffle, stream
from model.rates import Rates
from model.resume import read_checkpoint, write_checkpoint
from model.rows import row_weights, rows_of
from model.schedules import Horizon
from model.spec import Spec
from model.stack import build_stack
from model.validating import Validator

ORDER = 1  # the purpose of the stream that the order of rows is drawn from
RUNAWAY = 1e4  # nats: no loss that far up is a way to anywhere


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did.

    The training loss is the mean over the epoch's steps, each before its update; the gradient norm is the mean too,
    before clipping. With members, losses and norms are the members' means and the AUC is that of their mean logit.

    Units: losses in nats for the cross-entropies; seconds of wall clock.
    """

    epoch: int
    epochs: int
    steps: int
    learning_rate: float
    train_loss: float
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float
    seconds: float


class Trainer:
    """Trains the network of a spec on a design, one epoch at a time."""

    def __init__(self, spec: Spec, design: Design, checkpoint: Checkpoint | None = None) -> None:
        self._spec = spec
        outputs = spec.loss.outputs(design.y)
        weights = row_weights(design, spec.class_weight)
        rows = rows_of(design, design.train_rows, spec.loss, outputs, weights, spec.dtype)
        self._lead = () if spec.members == 1 else (spec.members,)
        self._stack = build_stack(spec, design.width, outputs)
        self._numbers = Numbers(self._stack, self._lead, spec.optimizer.moments, spec.dtype)
        seeds = [spec.seed + member for member in range(spec.members)]
        for values, seed in zip(np.atleast_2d(self._numbers.values), seeds, strict=True):
            values[:] = initialize(self._stack, spec.initializer, seed, spec.dtype)
        self._orders = [stream(seed, ORDER) for seed in seeds]
        self._rows = rows.count
        self._program = Program(spec, self._stack, self._numbers, rows)
        self._validator = Validator(spec, self._stack, self._numbers, design, weights)
        self.steps_taken = 0  # grows within an epoch, for whoever watches from another thread
        horizon = Horizon(spec.epochs, self._program.steps)
        self._rates = Rates(spec.schedule, spec.optimizer, horizon, self._lead)
        self._progress = Progress(self._numbers.values, self._numbers.states, spec.early_stopping)
        if checkpoint is not None:
            read_checkpoint(checkpoint, spec, self._numbers, self._progress, self._orders)

    def epochs(self) -> Iterator[EpochReport]:
        """Yield one report an epoch, until the last epoch or an early stop.

        Raises: DivergedError, naming the epoch and step.
        """
        while self._progress.epoch < self._spec.epochs and not self._progress.stopped.all():
            started = perf_counter()
            rate, loss, norm = self._run_epoch()
            valid_loss, valid_auc = self._validator.measure()
            self._progress.note(loss if valid_loss is None else valid_loss, self._numbers.values, self._numbers.states)
            yield EpochReport(
                epoch=self._progress.epoch,
                epochs=self._spec.epochs,
                steps=self._progress.epoch * self._program.steps,
                learning_rate=rate,
                train_loss=float(loss.mean()),
                valid_loss=None if valid_loss is None else float(valid_loss.mean()),
                valid_auc=valid_auc,
                gradient_norm=norm,
                seconds=perf_counter() - started,
            )

    def _run_epoch(self) -> tuple[float, Floats, float]:
        """Run every chunk of one epoch; return the last learning rate, the members' losses, the mean gradient norm."""
        program = self._program
        order = np.array([shuffle(bits, self._rows) for bits in self._orders]).reshape(*self._lead, -1)
        step = self._progress.epoch * program.steps
        losses, norm = np.zeros(self._lead), 0.0
        for chunk in range(program.chunks):
            numbers = self._rates.columns(step, program.steps_of(chunk))
            loss, squares = program.run(order, chunk, numbers)
            with np.errstate(all="ignore"):
                norms = np.sqrt(squares)
                total = float(norms.sum(dtype=np.float64))
            losses = losses + loss
            if not total < math.inf or not losses.max() < RUNAWAY * self._rows:
                raise self._diverged(norms, step)
            norm += total
            step += numbers.shape[1]
        return float(numbers[0].flat[-1]), losses / self._rows, norm / program.steps / self._spec.members

    def _diverged(self, norms: Floats, step: int) -> DivergedError:
        """Return the error for the first step whose gradient is not finite; the last when all are."""
        by_step = norms.reshape(len(norms), -1).max(1)
        bad = np.append(np.flatnonzero(~np.isfinite(by_step)), len(by_step) - 1)[0]
        return DivergedError(self._progress.epoch + 1, step + int(bad) + 1, float(by_step[bad]))

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report."""
        return write_checkpoint(self._spec, self._numbers, self._progress, self._orders)

    def network(self) -> Network:
        """Return the network with the best parameters so far; where nothing is validated, the latest."""
        return Network.freeze(self._stack, self._lead, self._progress.best_values, self._progress.best_states)
