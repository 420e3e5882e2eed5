"""The leaky rectified linear unit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.layer import Activation, Backward
from model.network.recorder import Recorder
from model.ranges import BelowOne


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """a = max(z, αz); ∂L/∂z = ∂L/∂a · (1 where z ≥ 0, else α).

    Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """

    initializer: ClassVar[str] = "he"
    alpha: BelowOne = 0.01

    @property
    def slope(self) -> float:  # type: ignore[override]  # a setting here, a constant elsewhere
        """The slope below zero."""
        return self.alpha

    def apply(self, do: Recorder, z: Floats, a: Floats) -> Backward:
        """Record max(z, αz)."""
        below = do.scratch_like(z)
        do(np.multiply, z, do.number(self.alpha), below)
        do(np.fmax, z, below, a)

        def backward(delta: Floats) -> Floats:
            slope = do.scratch_like(a)
            do(np.copysign, do.number(1), a, slope)  # a has the sign of z
            do(np.fmax, slope, do.full_like(slope, self.alpha), slope)
            do(np.multiply, delta, slope, delta)
            return delta

        return backward
