"""The logistic sigmoid."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.activation import Activation
from model.layers.layer import Backward
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Sigmoid(Activation):
    """Maps numbers to (0, 1): a = 1 / (1 + e⁻ᶻ) = (tanh(z / 2) + 1) / 2; ∂L/∂z = ∂L/∂a · a(1 − a)."""

    initializer: ClassVar[str] = "glorot"

    def function(self, z: Floats) -> tuple[Floats, Floats]:
        """Return 1 / (1 + e⁻ᶻ) and its derivative."""
        a = 1 / (1 + np.exp(-z))
        return a, a * (1 - a)

    def record_function(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record (tanh(z / 2) + 1) / 2, which cannot overflow; then δ · a(1 − a)."""
        half = tape.number(0.5)
        tape(np.multiply, z, half, a)
        tape(np.tanh, a, a)
        tape(np.multiply, a, half, a)
        tape(np.add, a, half, a)

        def backward(delta: Floats) -> Floats:
            slope = tape.scratch_like(a)
            tape(np.subtract, tape.number(1), a, slope)
            tape(np.multiply, slope, a, slope)
            tape(np.multiply, delta, slope, delta)
            return delta

        return backward
