"""Dropout, which sets units to zero at random."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory
from model.layers.pieces import Chain
from model.ranges import BelowOne
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Dropout(Layer):
    """Sets random inputs to zero in training, and scales the others up to keep the mean.

        a ← a · m; ∂L/∂a ← ∂L/∂a · m

    In training m is 0 with probability `rate`, else 1/(1 − rate). In scoring m is 1.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """

    rate: BelowOne = 0.5

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return a · m; the backward pass returns δ · m."""
        mask = np.ones_like(a) if masks is None or self.rate == 0 else masks(a.shape[1], self.rate).T
        return a * mask, lambda delta: (delta * mask, {})

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the product with a mask. Every step draws a new mask."""
        if arena.masks is None or self.rate == 0:
            return a, lambda delta: delta
        mask = arena.masks(a.shape[-2] - 1, self.rate)
        out = arena.place(a)
        tape(np.multiply, arena.values(a), mask, arena.values(out))

        def backward(delta: Floats) -> Floats:
            tape(np.multiply, delta, mask, delta)
            return delta

        return out, backward

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Drop the layer."""

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Leave the chain as it is."""
        return True

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return one output and its mask."""
        return RowMemory(inputs + 1, masks=inputs + 1)
