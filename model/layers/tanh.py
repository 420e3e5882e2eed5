"""The hyperbolic tangent."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.layer import Activation, Backward
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Tanh(Activation):
    """a = tanh z; ∂L/∂z = ∂L/∂a · (1 − a²)."""

    initializer: ClassVar[str] = "glorot"

    def apply(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record tanh z."""
        tape(np.tanh, z, a)

        def backward(delta: Floats) -> Floats:
            slope = tape.scratch_like(a)
            tape(np.multiply, a, a, slope)
            tape(np.subtract, tape.number(1), slope, slope)
            tape(np.multiply, delta, slope, delta)
            return delta

        return backward
