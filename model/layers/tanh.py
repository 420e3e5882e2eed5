"""The hyperbolic tangent."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.activation import Activation
from model.layers.layer import Backward
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Tanh(Activation):
    """Maps numbers to (−1, 1): a = tanh z; ∂L/∂z = ∂L/∂a · (1 − a²)."""

    initializer: ClassVar[str] = "glorot"

    def function(self, z: Floats) -> tuple[Floats, Floats]:
        """Return tanh z and its derivative."""
        a = np.tanh(z)
        return a, 1 - a**2

    def record_function(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record tanh z, then δ · (1 − a²)."""
        tape(np.tanh, z, a)

        def backward(delta: Floats) -> Floats:
            slope = tape.scratch_like(a)
            tape(np.multiply, a, a, slope)
            tape(np.subtract, tape.number(1), slope, slope)
            tape(np.multiply, delta, slope, delta)
            return delta

        return backward
