"""Gradient descent."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.optimizers.optimizer import Optimizer
from model.ranges import Positive
from model.tape import Tape


@dataclass(frozen=True)
class SGD(Optimizer):
    """θ ← θ − ηg; per sample, by mini-batch or with all rows, as the batch size is 1, B or n."""

    learning_rate: Positive = 0.01

    def coefficients(self, rates: Floats, steps: Floats) -> Sequence[Floats]:
        """Return η."""
        return (rates,)

    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record ηg."""
        (gradient, update), (rate,) = tape.split(gradients), numbers
        tape(np.multiply, gradient, rate, update)
        return np.asarray(update)
