"""A chunk: the rows of some batches, loaded together in the order of the epoch. Each batch is a view of it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.design import Floats, Integers
from model.losses import Loss
from model.training.plan import EpochPlan
from model.training.rows import Rows

GATHERED = 1 << 17  # bytes of rows copied at a time


@dataclass(frozen=True)
class Batch:
    """The memory of one batch: its rows and labels, and its logits.

    Shapes: inputs ([K,] d + 1, B) with ones in the last row; target ([K,] c, B); weight ([K,] 1, B): the factor of the
    loss / the rows of the step, if all rows have equal weight; logits ([K,] c, B).
    """

    inputs: Floats
    target: Floats
    weight: Floats
    logits: Floats

    def of(self, network: int) -> "Batch":
        """Return the part of one network."""
        return Batch(self.inputs[network], self.target[network], self.weight[network], self.logits[network])


@dataclass(frozen=True)
class Labels:
    """The labels of batches of equal size, and their logits.

    Shapes: target and logits (batches, [K,] c, B); weight (batches, [K,] 1, B). `share` is the part of a row of weight
    1 in the loss of its step.
    """

    target: Floats
    weight: Floats
    logits: Floats
    share: float


def whole_rows(a: NDArray[Any]) -> NDArray[Any]:
    """View each row as one item, (…, d) to (…, 1): NumPy copies items three times as fast as single numbers."""
    return a.view(np.dtype((np.void, a.shape[-1] * a.itemsize)))


class Chunk:
    """Memory for the batches of a chunk, or for their parts, and for the short batch that may end an epoch."""

    def __init__(self, rows: Rows, loss: Loss, plan: EpochPlan, lead: tuple[int, ...], dtype: DTypeLike) -> None:
        self._rows, self._loss, self._plan, self._lead = rows, loss, plan, lead
        self._inputs = np.ones((*lead, plan.capacity, rows.width + 1), dtype)
        members = math.prod(lead)
        self._piece = max(1, min(plan.capacity, GATHERED // (rows.width * rows.X.itemsize * members)))
        self._gathered = np.empty((members * self._piece, rows.width), rows.X.dtype)
        self._to, self._from = self._inputs[..., :-1], self._gathered
        if self._inputs.dtype == self._gathered.dtype:
            self._to, self._from = whole_rows(self._to), whole_rows(self._from)
        outputs = rows.targets.shape[1]
        self._targets = np.zeros(math.prod(lead) * outputs * plan.capacity, dtype)
        self._logits = np.zeros_like(self._targets)
        batches = plan.chunk_steps * plan.parts
        self._full = self._labels(0, (batches, *lead, outputs, plan.rows), plan.rows * plan.parts)
        self._short = self._labels(self._full.target.size, (1, *lead, outputs, plan.short), max(plan.short, 1))
        # With one logit and equal weights, one sum over all rows is the sum over all batches.
        self._as_one = outputs == 1 and not lead and rows.weights is None

    def _labels(self, start: int, shape: tuple[int, ...], step_rows: int) -> Labels:
        cut = slice(start, start + math.prod(shape))
        share = self._loss.factor / step_rows
        weight = np.full((*shape[:-2], 1, shape[-1]), share, self._inputs.dtype)
        return Labels(self._targets[cut].reshape(shape), weight, self._logits[cut].reshape(shape), share)

    def batch_at(self, i: int) -> Batch:
        """Return the i-th batch, or part of one."""
        start, labels = i * self._plan.rows, self._full
        inputs = self._inputs[..., start : start + self._plan.rows, :].mT
        return Batch(inputs, labels.target[i], labels.weight[i], labels.logits[i])

    def short_batch(self) -> Batch:
        """Return the short batch, which comes after the batches of the last chunk."""
        start, labels = self._plan.last_steps * self._plan.parts * self._plan.rows, self._short
        inputs = self._inputs[..., start : start + self._plan.short, :].mT
        return Batch(inputs, labels.target[0], labels.weight[0], labels.logits[0])

    def load(self, order: Integers, batches: int) -> None:
        """Fill the first batches with rows in this order; fill the short batch with the rows that are left.

        Shapes: order ([K,] rows).
        """
        self._load_inputs(order)
        if self._as_one and batches == len(self._full.target):
            self._rows.targets.take(order, 0, self._targets[: len(order), None], "clip")
            return
        split = batches * self._plan.rows
        self._load_labels(self._full, order[..., :split], batches)
        if order.shape[-1] > split:
            self._load_labels(self._short, order[..., split:], 1)

    def _load_inputs(self, order: Integers) -> None:
        """Copy rows of X beside the ones, through a buffer that fits into the processor's cache."""
        for start in range(0, order.shape[-1], self._piece):
            part = order[..., start : start + self._piece]
            gathered, copied = (a[: part.size].reshape(*part.shape, a.shape[-1]) for a in (self._gathered, self._from))
            self._rows.X.take(self._rows.which.take(part, mode="clip"), 0, gathered, "clip")
            self._to[..., start : start + part.shape[-1], :] = copied

    def _load_labels(self, labels: Labels, order: Integers, batches: int) -> None:
        labels.target[:batches] = self._batched(self._rows.targets.take(order, 0, mode="clip"), batches)
        if self._rows.weights is not None:
            found = self._batched(self._rows.weights.take(order, mode="clip")[..., None], batches)
            labels.weight[:batches] = found * labels.share

    def _batched(self, a: NDArray[Any], batches: int) -> NDArray[Any]:
        """Cut ([K,] rows, c) into (batches, [K,] c, B)."""
        cut = a.reshape(*self._lead, batches, -1, a.shape[-1]).swapaxes(-1, -2)
        return cut.swapaxes(0, 1) if self._lead else cut

    def loss(self, batches: int, short: bool) -> Floats:
        """Return the sum of the weighted losses of the rows, from the logits of these batches.

        Shapes: ([K]).
        """
        if self._as_one and batches == len(self._full.target):
            logits, targets = (a if short else a[: self._full.target.size] for a in (self._logits, self._targets))
            return np.asarray(np.add.reduce(self._loss.values(logits[None], targets[None]), None, np.float64))
        total = self._loss_of(self._full, batches)
        return total + self._loss_of(self._short, 1) if short else total

    def _loss_of(self, labels: Labels, batches: int) -> Floats:
        values = self._loss.values(labels.logits[:batches], labels.target[:batches])
        axes = (0, values.ndim - 1)
        if self._rows.weights is None:
            return np.asarray(values.sum(axes, np.float64))
        return np.asarray((values * labels.weight[:batches, ..., 0, :]).sum(axes, np.float64) / labels.share)
