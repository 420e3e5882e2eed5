"""A piecewise-linear network as a chain of pieces: affine maps with kinked activations between them."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.design import Floats

Affine: TypeAlias = tuple[Floats, Floats]
"""The W and b of a = uW + b."""


class Piece(NamedTuple):
    """An affine map and the activation after it: z = aW + b, then a = z where z > 0 and slope · z elsewhere.

    Shapes: weight (h_in, h_out); bias (h_out,); slope (h_out,), 0 for ReLU and 1 for a unit without a kink.
    """

    weight: Floats
    bias: Floats
    slope: Floats

    @property
    def kinked(self) -> NDArray[np.intp]:
        """The units with a kink."""
        return np.flatnonzero(self.slope != 1.0)


class Chain:
    """The pieces of the layers so far.

    The current activations are an affine function of the units u of the last piece. The inputs that residual blocks
    carry past their inner layers are affine functions of u, too. At each kink they get units without a kink.
    """

    def __init__(self, inputs: int) -> None:
        self._pieces: list[Piece] = []
        self._now: Affine = (np.eye(inputs), np.zeros(inputs))
        self._carried: list[Affine] = []

    def multiply(self, W: Floats, b: Floats) -> None:
        """Replace the activations a by aW + b."""
        self._now = (self._now[0] @ W, self._now[1] @ W + b)

    def add_kink(self, slope: float) -> None:
        """End a piece. The activations get this slope below zero; the carried inputs get slope 1."""
        parts = [self._now, *self._carried]
        widths = [b.size for _, b in parts]
        slopes = np.concatenate([np.full(width, slope if i == 0 else 1.0) for i, width in enumerate(widths)])
        W, b = np.hstack([W for W, _ in parts]), np.concatenate([b for _, b in parts])
        self._pieces.append(Piece(W, b, slopes))
        chosen = np.split(np.eye(sum(widths)), np.cumsum(widths)[:-1], axis=1)
        units: list[Affine] = [(columns, np.zeros(columns.shape[1])) for columns in chosen]
        self._now, *self._carried = units

    def carry(self) -> None:
        """Store the activations until `add_carried`."""
        self._carried.append(self._now)

    def add_carried(self) -> None:
        """Add the activations that were stored last."""
        W, b = self._carried.pop()
        self._now = (self._now[0] + W, self._now[1] + b)

    def end(self) -> list[Piece]:
        """Return all pieces. The last one has no kink."""
        return [*self._pieces, Piece(*self._now, np.ones(self._now[1].size))]
