"""Dropout, which silences units at random."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.layer import Backward, Layer
from model.ranges import BelowOne
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Dropout(Layer):
    """a ← a · m, ∂L/∂a ← ∂L/∂a · m; in training m is 0 with the given rate and else 1/(1 − rate), in scoring 1.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """

    rate: BelowOne = 0.5

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the product with a mask that is drawn anew for every step."""
        if arena.masks is None or self.rate == 0:
            return a, lambda delta: delta
        mask = arena.masks(a.shape[-2] - 1, self.rate)
        out = arena.place(a)
        tape(np.multiply, arena.values(a), mask, arena.values(out))

        def backward(delta: Floats) -> Floats:
            tape(np.multiply, delta, mask, delta)
            return delta

        return out, backward
