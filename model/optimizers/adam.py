"""Adam, with moments of the gradient and of its square."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.optimizers.optimizer import Optimizer
from model.ranges import BelowOne, Positive
from model.tape import Tape


@dataclass(frozen=True)
class Adam(Optimizer):
    """Divides an average of the gradient by the root of an average of its square, both corrected for their start at 0.

        θ ← θ − η m̂ / (√v̂ + ε), m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)

    The moments in memory are M = m/(1 − β₁) and V = v/(1 − β₂). With c = √((1 − β₂)/(1 − β₂ᵗ)), √v̂ + ε is
    c(√V + ε/c). So two numbers a step hold all constants: the rate η(1 − β₁)/(1 − β₁ᵗ)/c, and ε/c.

    Source: Kingma & Ba, "Adam: a method for stochastic optimization", 2015.
    """

    moments: ClassVar[int] = 2
    beta1: BelowOne = 0.9
    beta2: BelowOne = 0.999
    epsilon: Positive = 1e-8

    def coefficients(self, rates: Floats, steps: Floats) -> Sequence[Floats]:
        """Return the rate and ε/c."""
        c = np.sqrt((1 - self.beta2) / (1 - self.beta2**steps))
        return rates * (1 - self.beta1) / (1 - self.beta1**steps) / c, self.epsilon / c + 0 * rates

    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record M and V, then the rate times M / (√V + ε/c)."""
        gradient, square = tape.split(gradients)
        decay = tape.rows_like(moments, (self.beta1, self.beta2))
        tape(np.multiply, moments, decay, moments)
        tape(np.multiply, gradient, gradient, square)
        tape(np.add, moments, gradients, moments)

        (M, V), (rate, epsilon), update = tape.split(moments), numbers, square
        tape(np.sqrt, V, update)
        tape(np.add, update, epsilon, update)
        tape(np.divide, M, update, update)
        tape(np.multiply, update, rate, update)
        return np.asarray(update)
