"""Categorical cross-entropy, fused with the softmax."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.errors import Problem, SpecError
from model.losses.loss import Loss
from model.ranges import BelowOne
from model.tape import Arena, Tape


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """The cross-entropy of classes: L = −Σ t ln ŷ, ŷ = softmax(z), t one-hot; ∂L/∂z = ŷ − t.

    The largest logit is subtracted first, so that no exponential overflows.

    Units: nats.
    """

    label_smoothing: BelowOne = 0.0

    def outputs(self, y: NDArray[Any]) -> int:
        """Return the number of classes."""
        classes = int(y.max()) + 1
        if y.min() < 0 or (y != np.floor(y)).any() or classes < 2:
            detail = "softmax_cross_entropy needs labels 0, 1, 2 … and at least two of them: name another loss"
            raise SpecError([Problem("/loss", "labels", detail)])
        return classes

    def targets(self, y: NDArray[Any], outputs: int) -> Floats:
        """Return one row of t for each class. Label smoothing moves t towards equal shares."""
        hot = np.arange(outputs)[:, None] == y
        return np.asarray(hot * (1.0 - self.label_smoothing) + self.label_smoothing / outputs)

    def record(self, tape: Tape, arena: Arena, z: Floats, target: Floats, weight: Floats) -> Floats:
        """Record δ = weight · (softmax(z) − t)."""
        delta, row = arena.fresh(z.shape[-2]), arena.fresh(1)
        tape(np.maximum.reduce, z, -2, None, row, True)
        tape(np.subtract, z, row, delta)
        tape(np.exp, delta, delta)
        tape(np.add.reduce, delta, -2, None, row, True)
        tape(np.divide, delta, row, delta)
        tape(np.subtract, delta, target, delta)
        tape(np.multiply, delta, weight, delta)
        return delta

    def values(self, z: Floats, target: Floats) -> Floats:
        """Return ln Σ eᶻ − Σ tz."""
        largest = z.max(-2, keepdims=True)
        total = np.log(np.exp(z - largest).sum(-2)) + largest[..., 0, :]
        return np.asarray(total - (target * z).sum(-2))

    def reference(self, z: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return −Σ t ln ŷ, and ŷ − t."""
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        t = np.eye(z.shape[1])[y.astype(int)] * (1 - self.label_smoothing) + self.label_smoothing / z.shape[1]
        return -(t * np.log(p)).sum(1), p - t
