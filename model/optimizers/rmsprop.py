"""RMSprop, which divides by the size of recent gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.optimizers.optimizer import Optimizer
from model.ranges import BelowOne, Positive
from model.tape import Tape


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Divides the gradient by the root of an average of its square: θ ← θ − ηg / (√s + ε), s ← βs + (1 − β)g².

    Source: Tieleman & Hinton, "Lecture 6.5: RMSprop", 2012.
    """

    moments: ClassVar[int] = 1
    beta: BelowOne = 0.9
    epsilon: Positive = 1e-8

    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record s, then ηg / (√s + ε)."""
        (gradient, update), (square,), (rate,) = tape.split(gradients), tape.split(moments), numbers
        tape(np.multiply, gradient, gradient, update)
        tape(np.multiply, update, tape.number(1 - self.beta), update)
        tape(np.multiply, square, tape.number(self.beta), square)
        tape(np.add, square, update, square)
        tape(np.sqrt, square, update)
        tape(np.add, update, tape.number(self.epsilon), update)
        tape(np.divide, gradient, update, update)
        tape(np.multiply, update, rate, update)
        return np.asarray(update)
