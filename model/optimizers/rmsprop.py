"""RMSprop, which divides by the size of recent gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.network.recorder import Recorder
from model.optimizers.optimizer import Optimizer
from model.ranges import BelowOne, Positive


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """θ ← θ − ηg / (√s + ε), with s ← βs + (1 − β)g².

    Source: Tieleman & Hinton, "Lecture 6.5: RMSprop", 2012.
    """

    moments: ClassVar[int] = 1
    beta: BelowOne = 0.9
    epsilon: Positive = 1e-8

    def coefficients(self, rates: Floats, steps: Floats) -> Sequence[Floats]:
        """Return η."""
        return (rates,)

    def record(self, do: Recorder, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record s, then ηg / (√s + ε)."""
        (gradient, update), (square,), (rate,) = do.split(gradients), do.split(moments), numbers
        do(np.multiply, gradient, gradient, update)
        do(np.multiply, update, do.number(1 - self.beta), update)
        do(np.multiply, square, do.number(self.beta), square)
        do(np.add, square, update, square)
        do(np.sqrt, square, update)
        do(np.add, update, do.number(self.epsilon), update)
        do(np.divide, gradient, update, update)
        do(np.multiply, update, rate, update)
        return np.asarray(update)
