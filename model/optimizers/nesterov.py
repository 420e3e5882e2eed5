"""Nesterov's accelerated gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.optimizers.momentum import Momentum
from model.tape import Tape


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum with one more step of the average: θ ← θ − η(βv + (1 − β)g), v ← βv + (1 − β)g.

    The classic form has g in place of (1 − β)g.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """

    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record v, then η(βv + (1 − β)g)."""
        (gradient, update), (velocity,), (rate,) = tape.split(gradients), tape.split(moments), numbers
        beta, taken = tape.number(self.beta), gradient
        if self.form == "averaged":
            taken = tape.scratch_like(gradient)
            tape(np.multiply, gradient, tape.number(1 - self.beta), taken)
        tape(np.multiply, velocity, beta, velocity)
        tape(np.add, velocity, taken, velocity)
        tape(np.multiply, velocity, beta, update)
        tape(np.add, update, taken, update)
        tape(np.multiply, update, rate, update)
        return np.asarray(update)
