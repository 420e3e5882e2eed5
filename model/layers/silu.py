"""The sigmoid linear unit, also called swish."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.layer import Activation, Backward
from model.network.recorder import Recorder


@dataclass(frozen=True)
class SiLU(Activation):
    """a = zσ(z); ∂L/∂z = ∂L/∂a · (σ + a(1 − σ)).

    Source: Elfwing, Uchibe & Doya, "Sigmoid-weighted linear units", 2018.
    """

    initializer: ClassVar[str] = "he"

    def apply(self, do: Recorder, z: Floats, a: Floats) -> Backward:
        """Record zσ(z), with σ(z) = (tanh(z / 2) + 1) / 2 kept aside."""
        half, sigma = do.number(0.5), do.fresh(z.shape[-2])
        do(np.multiply, z, half, sigma)
        do(np.tanh, sigma, sigma)
        do(np.multiply, sigma, half, sigma)
        do(np.add, sigma, half, sigma)
        do(np.multiply, z, sigma, a)

        def backward(delta: Floats) -> Floats:
            slope = do.scratch_like(a)
            do(np.subtract, do.number(1), sigma, slope)
            do(np.multiply, slope, a, slope)
            do(np.add, slope, sigma, slope)
            do(np.multiply, delta, slope, delta)
            return delta

        return backward
