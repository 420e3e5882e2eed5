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
    """Moves against the gradient of the batch: θ ← θ − ηg."""

    learning_rate: Positive = 0.01

    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record ηg."""
        (gradient, update), (rate,) = tape.split(gradients), numbers
        tape(np.multiply, gradient, rate, update)
        return np.asarray(update)
