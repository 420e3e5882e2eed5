"""Dropout, which silences units at random."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.layer import Backward, Layer
from model.network.recorder import Recorder
from model.ranges import BelowOne


@dataclass(frozen=True)
class Dropout(Layer):
    """a ← a · m, ∂L/∂a ← ∂L/∂a · m; in training m is 0 with the given rate and else 1/(1 − rate), in scoring 1.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """

    rate: BelowOne = 0.5

    def record(self, do: Recorder, a: Floats) -> tuple[Floats, Backward]:
        """Record the product with a mask that is drawn anew for every step."""
        if not do.training or self.rate == 0:
            return a, lambda delta: delta
        mask = do.mask(a.shape[-2] - 1, self.rate)
        out = do.place(a)
        do(np.multiply, do.values(a), mask, do.values(out))

        def backward(delta: Floats) -> Floats:
            do(np.multiply, delta, mask, delta)
            return delta

        return out, backward
