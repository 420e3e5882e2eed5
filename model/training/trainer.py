"""Training as a generator of epoch reports.

for each epoch, until the last one or an early stop:
    draw the order of the rows
    for each chunk of the order:
        load its rows; for each batch: forward, backward, update
        raise DivergedError if a loss or gradient is not finite, or the loss is too high
    measure the validation rows, note the best parameters, yield the report
"""

import math
from collections.abc import Iterator
from time import perf_counter

import numpy as np

from model.blas import one_thread
from model.design import Design, Floats
from model.errors import DivergedError
from model.network.network import Network
from model.network.parameters import Buffers, initialize
from model.network.stack import build_stack
from model.random import stream
from model.schedules import Horizon
from model.spec import Spec
from model.training.checkpoint import Checkpoint
from model.training.divergence import highest_loss
from model.training.folds import validator_of, without_held
from model.training.plan import LIMITS, Limits, plan_for
from model.training.program import Program
from model.training.progress import TrainingProgress
from model.training.rates import Rates
from model.training.report import EpochReport, LayerMonitor, LayerReport
from model.training.resume import Resumable
from model.training.rows import row_weights, rows_of

ORDER = 1  # the purpose of the random stream of row orders
RETRY_FACTOR = 0.1


class Trainer:
    """Trains the network of a spec on a design, one epoch at a time.

    All members and their restarts train side by side, and each member keeps its best restart. Network k starts from
    seed + k and equals the network of a training alone with that seed.

    Raises: SpecError when the spec does not suit the labels or its layers do not fit together; CheckpointError when
    the checkpoint belongs to another training.
    """

    def __init__(
        self, spec: Spec, design: Design, checkpoint: Checkpoint | None = None, *, limits: Limits = LIMITS
    ) -> None:
        self._spec, self._design, self._limits = spec, design, limits
        self._steps_taken = 0
        self._begin()
        if checkpoint is not None:
            self._state.read(checkpoint)
            self._rescale()

    def _begin(self) -> None:
        """Prepare the first epoch."""
        spec, design = self._spec, self._design
        outputs = spec.loss.outputs(design.y)
        weights = row_weights(design, spec.class_weight)
        rows = without_held(rows_of(design, design.train_rows, spec, outputs, weights), design.folds, spec)
        networks = spec.members * spec.restarts
        self._lead = () if networks == 1 else (networks,)
        self._stack = build_stack(spec, design.width, outputs, design.codes, design.numbers)
        self._buffers = Buffers(self._stack, self._lead, spec.optimizer.moments, spec.dtype)
        seeds = [spec.seed + k for k in range(networks)]
        for values, seed in zip(np.atleast_2d(self._buffers.values), seeds, strict=True):
            values[:] = initialize(self._stack, spec.initializer, seed, spec.dtype)
        self._order_streams = [stream(seed, ORDER) for seed in seeds]
        self._draw_order, self._rows, self._highest = rows.order, rows.count, highest_loss(spec.loss, rows)
        self._plan = plan_for(spec.batch_size, rows, self._stack, self._buffers, self._limits)
        self._program = Program(spec, self._stack, self._buffers, rows, self._plan)
        self._validator = validator_of(spec, self._stack, self._buffers, design, weights)
        self._rates = Rates(spec.schedule, spec.optimizer, Horizon(spec.epochs, self._plan.steps), self._lead)
        self._progress = TrainingProgress(
            self._buffers.values, self._buffers.states, spec.early_stopping, spec.restarts
        )
        self._monitor = LayerMonitor(self._stack, self._buffers)
        streams = [*self._order_streams, *self._program.masks.streams]
        self._state = Resumable(spec, design, self._buffers, self._progress, streams)

    def epochs(self) -> Iterator[EpochReport]:
        """Yield one report an epoch, until the last epoch or an early stop.

        Raises: DivergedError with the epoch and step.
        """
        while self._progress.epoch < self._spec.epochs and not self._progress.stopped.all():
            try:
                with one_thread(), np.errstate(all="ignore"):
                    report = self._epoch()
            except DivergedError:
                if not self._spec.retry_diverged or self._progress.retries:
                    raise
                self._begin()
                self._progress.retries = 1
                self._rescale()
                continue
            yield report

    def _epoch(self) -> EpochReport:
        started = perf_counter()
        rate, loss, norm = self._run()
        valid_loss, logits = self._validator.measure()
        watched = loss if valid_loss is None else valid_loss
        progress, schedule = self._progress, self._spec.schedule
        if valid_loss is not None and not valid_loss.max() < self._validator.highest:
            raise DivergedError(progress.epoch + 1, (progress.epoch + 1) * self._plan.steps, norm)
        progress.note(watched, self._buffers.values, self._buffers.states)
        if schedule.watches:
            schedule.watch(progress.schedule, watched)
            self._rescale()
        chosen = progress.chosen()
        return EpochReport(
            epoch=progress.epoch,
            epochs=self._spec.epochs,
            steps=progress.epoch * self._plan.steps,
            learning_rate=rate,
            train_loss=mean(loss[chosen]),
            valid_loss=None if valid_loss is None else mean(valid_loss[chosen]),
            valid_auc=None if logits is None else self._validator.auc(logits[chosen]),
            gradient_norm=norm,
            seconds=perf_counter() - started,
            layers=self._monitor.report(),
            dead_units=self._validator.dead_units(),
            retries=progress.retries,
        )

    def _run(self) -> tuple[float, Floats, float]:
        """Run the steps of an epoch; return the last learning rate, each network's loss and the mean gradient norm."""
        program = self._program
        orders = [self._draw_order(network, bits) for network, bits in enumerate(self._order_streams)]
        order = np.stack(orders) if self._lead else orders[0]
        step = self._progress.epoch * self._plan.steps
        losses, norm, highest = np.zeros(self._lead), 0.0, self._highest * self._rows
        for chunk in range(self._plan.chunks):
            coefficients = self._rates.columns(step, program.steps_of(chunk))
            loss, norms = program.run(order, chunk, coefficients)
            total = float(np.add.reduce(norms, None, np.float64))
            self._steps_taken += len(norms)
            losses += loss
            if not total < math.inf or not np.maximum.reduce(losses, None) < highest:
                raise self._diverged(norms, step)
            norm += total
            step += len(norms)
        return float(coefficients[0].flat[-1]), losses / self._rows, norm / self._plan.steps / len(self._order_streams)

    def _diverged(self, norms: Floats, step: int) -> DivergedError:
        """Return the error for the first step without a finite gradient, or for the last step if all are finite."""
        by_step = norms.reshape(len(norms), -1).max(1)
        bad = np.append(np.flatnonzero(~np.isfinite(by_step)), len(by_step) - 1)[0]
        return DivergedError(self._progress.epoch + 1, step + int(bad) + 1, float(by_step[bad]))

    def _rescale(self) -> None:
        """Scale the learning rate by the factors of plateaus and of the retry."""
        self._rates.rescale(self._progress.schedule[0] * RETRY_FACTOR**self._progress.retries)

    @property
    def steps_taken(self) -> int:
        """The number of steps so far. It grows within an epoch: a training that hangs shows no new steps."""
        return self._steps_taken + self._program.steps_done

    @property
    def improving(self) -> bool:
        """Whether the last epoch of the spec had the lowest validation loss of every network."""
        return self._spec.early_stopping is not None and bool((self._progress.best_epoch == self._spec.epochs).all())

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report."""
        return self._state.write()

    def network(self) -> Network:
        """Return the network with the best parameters so far; without early stopping, with the latest."""
        progress = self._progress
        chosen = progress.chosen()
        lead = (self._spec.members,) if self._spec.members > 1 else ()
        values, states = progress.best_values[chosen], progress.best_states[chosen]
        return Network.freeze(self._stack, lead, values.reshape(*lead, -1), states.reshape(*lead, -1))


def mean(a: Floats) -> float:
    """Return the mean over networks. A single number skips NumPy's mean, which takes ten times as long."""
    return float(a.mean() if a.ndim else a)


__all__ = ["EpochReport", "LayerReport", "Trainer"]
