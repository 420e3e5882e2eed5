"""The sigmoid linear unit, also called swish."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.activation import Activation
from model.layers.layer import Backward, Layer, RowMemory
from model.tape import Arena, Tape


@dataclass(frozen=True)
class SiLU(Activation):
    """Multiplies each number by its sigmoid, a smooth form of ReLU.

        a = zσ(z); ∂L/∂z = ∂L/∂a · (σ + a(1 − σ))

    Source: Elfwing, Uchibe & Doya, "Sigmoid-weighted linear units", 2018.
    """

    initializer: ClassVar[str] = "he"

    def function(self, z: Floats) -> tuple[Floats, Floats]:
        """Return zσ(z) and its derivative."""
        sigma = 1 / (1 + np.exp(-z))
        return z * sigma, sigma * (1 + z * (1 - sigma))

    def record_function(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record zσ(z), then δ · (σ + a(1 − σ)). Keep σ(z) = (tanh(z / 2) + 1) / 2 for the backward pass."""
        half, sigma = tape.number(0.5), arena.fresh(z.shape[-2])
        tape(np.multiply, z, half, sigma)
        tape(np.tanh, sigma, sigma)
        tape(np.multiply, sigma, half, sigma)
        tape(np.add, sigma, half, sigma)
        tape(np.multiply, z, sigma, a)

        def backward(delta: Floats) -> Floats:
            slope = tape.scratch_like(a)
            tape(np.subtract, tape.number(1), sigma, slope)
            tape(np.multiply, slope, a, slope)
            tape(np.add, slope, sigma, slope)
            tape(np.multiply, delta, slope, delta)
            return delta

        return backward

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return σ(z), and one output unless the function works in place."""
        in_place = before is not None and before.overwritable
        return RowMemory(inputs + (0 if in_place else inputs + 1))
