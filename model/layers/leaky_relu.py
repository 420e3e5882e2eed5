"""The leaky rectified linear unit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.activation import Activation
from model.layers.layer import Backward
from model.ranges import BelowOne
from model.tape import Arena, Tape


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """Keeps positive numbers and multiplies negative ones by α.

        a = max(z, αz); ∂L/∂z = ∂L/∂a · (1 where z ≥ 0, else α)

    Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """

    initializer: ClassVar[str] = "he"
    alpha: BelowOne = 0.01

    @property
    def slope(self) -> float:  # type: ignore[override]  # a setting here, a constant elsewhere
        """Return the slope below zero, α."""
        return self.alpha

    def function(self, z: Floats) -> tuple[Floats, Floats]:
        """Return max(z, αz) and its derivative."""
        return np.where(z > 0, z, self.alpha * z), np.where(z >= 0, 1.0, self.alpha)

    def record_function(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record max(z, αz), then δ · (1 or α)."""
        below = tape.scratch_like(z)
        tape(np.multiply, z, tape.number(self.alpha), below)
        tape(np.fmax, z, below, a)

        def backward(delta: Floats) -> Floats:
            slope = tape.scratch_like(a)
            tape(np.copysign, tape.number(1), a, slope)  # a has the sign of z
            tape(np.fmax, slope, tape.full_like(slope, self.alpha), slope)
            tape(np.multiply, delta, slope, delta)
            return delta

        return backward
