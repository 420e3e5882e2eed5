"""The rows of a few batches at a time, in the epoch's order, laid out so that each batch is a view made once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.design import Floats, Integers
from model.losses import Loss
from model.recorder import transposed
from model.rows import Rows


@dataclass(frozen=True)
class Batch:
    """Where one batch finds its rows and leaves its logits.

    Shapes: inputs ([K,] d + 1, B) with a last row of ones; target ([K,] c, B); weight ([K,] 1, B), the loss's
    factor / B for equal rows; logits ([K,] c, B).
    """

    inputs: Floats
    target: Floats
    weight: Floats
    logits: Floats


class Chunk:
    """Room for `batches` batches, and for the shorter one that may end an epoch."""

    def __init__(
        self, rows: Rows, loss: Loss, lead: tuple[int, ...], sizes: tuple[int, int, int], dtype: DTypeLike
    ) -> None:
        """Allocate for sizes: the rows of a batch, the batches of a chunk, the rows of the shorter batch."""
        self._rows, self._loss, self._lead = rows, loss, lead
        self.batch, self.batches, self.tail = sizes
        count = self.batch * self.batches + self.tail
        self._gathered = np.empty((*lead, count, rows.width), rows.X.dtype)
        self._inputs = np.ones((*lead, count, rows.width + 1), dtype)
        outputs = rows.targets.shape[1]
        self._targets = np.zeros(math.prod(lead) * outputs * count, dtype)
        self._logits = np.zeros_like(self._targets)
        self._full = self._labels(0, self.batches, self.batch, outputs)
        self._short = self._labels(self._full[0].size, 1, self.tail, outputs)
        # With one logit and equal rows, where a batch ends does not matter to the loss: one sum will do for all.
        self._as_one = outputs == 1 and not lead and rows.weights is None

    def _labels(self, start: int, batches: int, rows: int, outputs: int) -> tuple[Floats, Floats, Floats]:
        """Return targets, weights and logits by batch: (batches, [K,] c or 1, rows)."""
        shape = (batches, *self._lead, outputs, rows)
        cut = slice(start, start + math.prod(shape))
        weight = np.full((batches, *self._lead, 1, rows), self._loss.factor / max(rows, 1), self._inputs.dtype)
        return self._targets[cut].reshape(shape), weight, self._logits[cut].reshape(shape)

    def batch_at(self, i: int, short: bool = False) -> Batch:
        """Return batch i, or the shorter batch when it comes in i-th place."""
        start, rows = i * self.batch, self.tail if short else self.batch
        target, weight, logits = (part[0 if short else i] for part in (self._short if short else self._full))
        return Batch(transposed(self._inputs[..., start : start + rows, :]), target, weight, logits)

    def load(self, order: Integers, batches: int, tail: int) -> None:
        """Fill the first batches, and the shorter one after them, with rows in this order.

        Shapes: order ([K,] rows).
        """
        gathered, inputs = self._gathered[..., : order.shape[-1], :], self._inputs[..., : order.shape[-1], :-1]
        self._rows.X.take(self._rows.which[order], 0, gathered, "clip")
        inputs[...] = gathered
        split = batches * self.batch
        self._load_labels(self._full, order[..., :split], batches)
        if tail:
            self._load_labels(self._short, order[..., split:], 1)

    def _load_labels(self, labels: tuple[Floats, Floats, Floats], order: Integers, batches: int) -> None:
        target, weight, _ = labels
        target[:batches] = self._batched(self._rows.targets.take(order, 0, mode="clip"), batches)
        if self._rows.weights is not None:
            found = self._batched(self._rows.weights.take(order, mode="clip")[..., None], batches)
            weight[:batches] = found * (self._loss.factor / target.shape[-1])

    def _batched(self, a: NDArray[Any], batches: int) -> NDArray[Any]:
        """Cut ([K,] rows, c) into (batches, [K,] c, B)."""
        cut = a.reshape(*self._lead, batches, -1, a.shape[-1]).swapaxes(-1, -2)
        return cut.swapaxes(0, 1) if self._lead else cut

    def loss(self, batches: int, tail: int) -> Floats:
        """Return the sum of the rows' weighted losses, from the logits the batches left behind.

        Shapes: ([K]).
        """
        if self._as_one and batches == self.batches:
            logits, targets = self._logits[: batches * self.batch + tail], self._targets[: batches * self.batch + tail]
            return np.asarray(self._loss.values(logits[None], targets[None]).sum(dtype=np.float64))
        total = self._loss_of(self._full, batches)
        return total + self._loss_of(self._short, 1) if tail else total

    def _loss_of(self, labels: tuple[Floats, Floats, Floats], batches: int) -> Floats:
        target, weight, logits = (part[:batches] for part in labels)
        values = self._loss.values(logits, target)
        axes = (0, values.ndim - 1)
        if self._rows.weights is None:
            return np.asarray(values.sum(axes, np.float64))
        weighted = (values * weight[..., 0, :]).sum(axes, np.float64)
        return np.asarray(weighted * (target.shape[-1] / self._loss.factor))
