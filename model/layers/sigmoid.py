"""The logistic sigmoid."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.layer import Activation, Backward
from model.network.recorder import Recorder


@dataclass(frozen=True)
class Sigmoid(Activation):
    """a = 1 / (1 + e⁻ᶻ) = (tanh(z / 2) + 1) / 2; ∂L/∂z = ∂L/∂a · a(1 − a)."""

    initializer: ClassVar[str] = "glorot"

    def apply(self, do: Recorder, z: Floats, a: Floats) -> Backward:
        """Record the sigmoid by way of tanh, which cannot overflow."""
        half = do.number(0.5)
        do(np.multiply, z, half, a)
        do(np.tanh, a, a)
        do(np.multiply, a, half, a)
        do(np.add, a, half, a)

        def backward(delta: Floats) -> Floats:
            slope = do.scratch_like(a)
            do(np.subtract, do.number(1), a, slope)
            do(np.multiply, slope, a, slope)
            do(np.multiply, delta, slope, delta)
            return delta

        return backward
