"""The hyperbolic tangent."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.layer import Activation, Backward
from model.network.recorder import Recorder


@dataclass(frozen=True)
class Tanh(Activation):
    """a = tanh z; ∂L/∂z = ∂L/∂a · (1 − a²)."""

    initializer: ClassVar[str] = "glorot"

    def apply(self, do: Recorder, z: Floats, a: Floats) -> Backward:
        """Record tanh z."""
        do(np.tanh, z, a)

        def backward(delta: Floats) -> Floats:
            slope = do.scratch_like(a)
            do(np.multiply, a, a, slope)
            do(np.subtract, do.number(1), slope, slope)
            do(np.multiply, delta, slope, delta)
            return delta

        return backward
