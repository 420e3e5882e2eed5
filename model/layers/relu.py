"""The rectified linear unit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.activation import Activation
from model.layers.layer import Backward
from model.tape import Arena, Tape


@dataclass(frozen=True)
class ReLU(Activation):
    """Keeps positive numbers and replaces negative ones by zero.

        a = max(z, 0); ∂L/∂z = ∂L/∂a where a > 0, else 0

    Both work on the bits of the floats, read as integers. Read so, positive floats keep their order and negative
    floats are below 0. So min(bits, 1) is 1[a > 0], and a product with it keeps or clears all bits of a number.

    Source: Nair & Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.
    """

    initializer: ClassVar[str] = "he"
    slope: ClassVar[float] = 0.0

    def function(self, z: Floats) -> tuple[Floats, Floats]:
        """Return max(z, 0) and its derivative."""
        return np.where(z > 0, z, 0.0), np.where(z > 0, 1.0, 0.0)

    def record_function(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record max(z, 0), then δ · 1[a > 0]."""
        arena.watched.append(a)  # a unit that is 0 for every row is dead: it no longer learns
        bits = tape.integers(a)
        tape(np.fmax, tape.integers(z), tape.full_like(bits, 0), bits)

        def backward(delta: Floats) -> Floats:
            positive, delta_bits = tape.scratch_like(bits), tape.integers(delta)
            tape(np.fmin, bits, tape.full_like(bits, 1), positive)
            tape(np.multiply, delta_bits, positive, delta_bits)
            return delta

        return backward
