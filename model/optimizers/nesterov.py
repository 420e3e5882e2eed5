"""Nesterov's accelerated gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.network.recorder import Recorder
from model.optimizers.momentum import Momentum


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum that looks ahead: θ ← θ − η(βv + (1 − β)g) with v ← βv + (1 − β)g; the classic form has g for (1 − β)g.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """

    def record(self, do: Recorder, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record v, then η(βv + (1 − β)g)."""
        (gradient, update), (velocity,), (rate,) = do.split(gradients), do.split(moments), numbers
        beta, taken = do.number(self.beta), gradient
        if self.form == "averaged":
            taken = do.scratch_like(gradient)
            do(np.multiply, gradient, do.number(1 - self.beta), taken)
        do(np.multiply, velocity, beta, velocity)
        do(np.add, velocity, taken, velocity)
        do(np.multiply, velocity, beta, update)
        do(np.add, update, taken, update)
        do(np.multiply, update, rate, update)
        return np.asarray(update)
