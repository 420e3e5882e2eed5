"""Gradient descent with momentum."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from model.design import Floats
from model.optimizers.optimizer import Optimizer
from model.ranges import BelowOne, Positive
from model.tape import Tape


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Follows an average v of past gradients: θ ← θ − ηv.

    v ← βv + (1 − β)g in the averaged form, v ← βv + g in the classic form.

    Source: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
    """

    moments: ClassVar[int] = 1
    learning_rate: Positive = 0.01
    beta: BelowOne = 0.9
    form: Literal["averaged", "classic"] = "averaged"

    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record v, then ηv."""
        (gradient, update), (velocity,), (rate,) = tape.split(gradients), tape.split(moments), numbers
        tape(np.multiply, velocity, tape.number(self.beta), velocity)
        if self.form == "averaged":
            tape(np.multiply, gradient, tape.number(1 - self.beta), update)
            tape(np.add, velocity, update, velocity)
        else:
            tape(np.add, velocity, gradient, velocity)
        tape(np.multiply, velocity, rate, update)
        return np.asarray(update)
