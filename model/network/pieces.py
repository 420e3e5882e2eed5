"""A piecewise-linear network as a plain chain: affine, bent, affine, bent …, affine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.layers import Activation, Dense, Layer
from model.layers.batch_norm import BatchNorm
from model.layers.identity import Identity
from model.layers.residual import Residual
from model.network.stack import Stack

Affine: TypeAlias = tuple[Floats, Floats]
"""W and b of a = uW + b."""


class Piece(NamedTuple):
    """An affine map and what follows it: z = aW + b, then a = z where z > 0 and slope · z elsewhere.

    Shapes: weight (h_in, h_out); bias (h_out,); slope (h_out,), 0 for ReLU and 1 for a unit that stays straight.
    """

    weight: Floats
    bias: Floats
    slope: Floats

    @property
    def bends(self) -> NDArray[np.intp]:
        """The units that are not straight."""
        return np.flatnonzero(self.slope != 1.0)


@dataclass
class Chain:
    """The chain so far.

    The activations under way are an affine function of the last piece's units u. So is everything a residual block
    carries past its inside: at each bend such numbers get units of their own, which stay straight.
    """

    now: Affine
    carried: list[Affine] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)

    def multiply(self, W: Floats, b: Floats) -> None:
        """Go on with aW + b."""
        self.now = (self.now[0] @ W, self.now[1] @ W + b)

    def bend(self, slope: float) -> None:
        """End a piece: the activations bend at zero, what is carried does not."""
        parts = [self.now, *self.carried]
        widths = [b.size for _, b in parts]
        slopes = np.concatenate([np.full(width, slope if i == 0 else 1.0) for i, width in enumerate(widths)])
        W, b = np.hstack([W for W, _ in parts]), np.concatenate([b for _, b in parts])
        self.pieces.append(Piece(W, b, slopes))
        chosen = np.split(np.eye(sum(widths)), np.cumsum(widths)[:-1], axis=1)
        units: list[Affine] = [(columns, np.zeros(columns.shape[1])) for columns in chosen]
        self.now, *self.carried = units


def chain(stack: Stack, arrays: Mapping[str, Floats]) -> list[Piece] | None:
    """Return one member's network as pieces, or None when a layer is curved.

    Shapes: arrays as of a single network; W (units before, units), b and slopes (units,).
    """
    found = Chain((np.eye(stack.inputs), np.zeros(stack.inputs)))
    if not extend(found, stack.layers, arrays, ""):
        return None
    return [*found.pieces, Piece(*found.now, np.ones(stack.outputs))]


def extend(found: Chain, layers: tuple[Layer, ...], arrays: Mapping[str, Floats], path: str) -> bool:
    """Add layers to the chain; False when one of them is curved."""
    for i, layer in enumerate(layers):
        here = f"{path}{i}."
        if isinstance(layer, Dense):
            weights = arrays[f"{here}weights"]
            found.multiply(weights[:-1], weights[-1])
        elif isinstance(layer, BatchNorm):
            (gamma, beta), (mean, variance) = arrays[f"{here}scale"], arrays[f"{here}running"]
            factor = gamma / np.sqrt(variance + layer.epsilon)
            found.multiply(np.diag(factor), beta - mean * factor)
        elif isinstance(layer, Residual):
            found.carried.append(found.now)
            if not extend(found, layer.layers, arrays, here):
                return False
            W, b = found.carried.pop()
            found.now = (found.now[0] + W, found.now[1] + b)
        elif isinstance(layer, Activation) and layer.slope is not None:
            found.bend(layer.slope)
        elif not isinstance(layer, Identity):
            return False
    return True
