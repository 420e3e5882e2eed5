"""The path integral of a piecewise-linear network: exact, as a finite sum over the pieces of the way.

On its way from base to row, the logit runs straight between the points where a unit changes sign. Layer by layer the
way is cut at those points, its knots; then the gradient of each segment goes back through the layers, weighted by the
segment's length, and segments are added up where the layer before was not cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.layers.pieces import Piece

BLOCK = 256  # rows that are worked on together, at most
NUMBERS = 1 << 22  # of knots' activations that are there at a time, about: 32 MB
TILE = 64  # rows of a matrix product, always: a row's bits then do not depend on its neighbours
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Knots:
    """Where ways are cut, one way after the other, and what a layer makes of these points.

    A segment goes from each knot to the next of its way; from the last one to itself.

    Shapes: z (k, h); times (k,), from 0 to 1; last (k,), whether it ends its way.
    """

    z: Floats
    times: Floats
    last: NDArray[np.bool_]

    @property
    def following(self) -> Integers:
        """The knot at the other end of each segment."""
        return np.asarray(np.arange(len(self.last)) + ~self.last)

    def cut(self, bends: Integers) -> "tuple[Knots, Integers]":
        """Add knots where a unit among the bends changes sign; return, too, where the old ones have gone."""
        following, side = self.following, self.z[:, bends] > 0.0
        segment, unit = np.nonzero(side != side[following])
        start, stop = self.z[segment, bends[unit]], self.z[following[segment], bends[unit]]
        share = start / (start - stop)
        order = np.lexsort((share, segment))
        segment, share = segment[order], share[order]
        onward = following[segment]
        z = self.z[segment] + share[:, None] * (self.z[onward] - self.z[segment])
        times = self.times[segment] + share * (self.times[onward] - self.times[segment])
        place = np.argsort(np.concatenate([np.arange(len(self.last)), segment]), kind="stable")
        every = Knots(
            np.concatenate([self.z, z])[place],
            np.concatenate([self.times, times])[place],
            np.concatenate([self.last, np.zeros(len(segment), np.bool_)])[place],
        )
        return every, np.flatnonzero(place < len(self.last))


def exact_contributions(members: Sequence[Sequence[Piece]], base: Floats, X: Floats) -> Floats:
    """Return contributions of every feature, the mean over the members.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    result = np.zeros(X.shape)
    cuts = sum(len(piece.kinked) for piece in members[0])
    block = max(1, min(BLOCK, NUMBERS // (1 + cuts * max(len(piece.bias) for piece in members[0]))))
    for start in range(0, len(X), block):
        rows = X[start : start + block]
        for pieces in members:
            result[start : start + block] += mean_gradient(pieces, base, rows)
    return np.asarray((X - base) * (result / len(members)))


def mean_gradient(pieces: Sequence[Piece], base: Floats, X: Floats) -> Floats:
    """Return ∂z/∂x, averaged along the way from the base to each row.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    bent = [i for i, piece in enumerate(pieces) if len(piece.kinked)]
    if not bent:
        return np.broadcast_to(_downstream(pieces), X.shape)
    *before, last = pieces[: bent[-1] + 1]
    ways = np.stack([np.broadcast_to(base, X.shape), X], axis=1).reshape(-1, X.shape[1])
    a, times, ends = ways, np.tile([0.0, 1.0], len(X)), np.tile([False, True], len(X))
    steps: list[tuple[Piece, Floats, Integers]] = []
    for piece in before:
        knots, kept = Knots(_product(a, piece.weight) + piece.bias, times, ends).cut(piece.kinked)
        slopes = np.where(knots.z + knots.z[knots.following] > 0.0, 1.0, piece.slope)
        steps.append((piece, slopes, kept))
        a, times, ends = np.where(knots.z > 0.0, knots.z, knots.z * piece.slope), knots.times, knots.last
    knots = Knots(_product(a, last.weight) + last.bias, times, ends)
    lengths = times[knots.following] - times
    slopes = _mean_slope(knots.z, knots.z[knots.following], last.slope)
    gradient = _product(slopes * _downstream(pieces[bent[-1] + 1 :]) * lengths[:, None], last.weight.T)
    for piece, slopes, kept in reversed(steps):
        gradient = _product(_added(gradient * slopes, kept), piece.weight.T)
    return gradient[::2]


def _product(a: Floats, b: Floats) -> Floats:
    """Return ab, worked out in tiles of rows, the last one padded."""
    padded = np.zeros((len(a) + -len(a) % TILE, a.shape[1]))
    padded[: len(a)] = a
    return np.asarray((padded.reshape(-1, TILE, a.shape[1]) @ b).reshape(-1, b.shape[1])[: len(a)])


def _mean_slope(start: Floats, stop: Floats, slope: Floats) -> Floats:
    """Return the activation's slope, averaged over each segment on which z runs straight between its ends."""
    size = np.abs(start) + np.abs(stop)
    share = (np.maximum(start, 0.0) + np.maximum(stop, 0.0)) / np.where(size > 0.0, size, 1.0)
    return np.asarray(slope + (1.0 - slope) * share)


def _downstream(rest: Sequence[Piece]) -> Floats:
    """Return ∂z/∂a through layers that are all affine, shape (h,)."""
    product = rest[0].weight
    for piece in rest[1:]:
        product = product @ piece.weight
    return product[:, 0]


def _added(a: Floats, first: Integers) -> Floats:
    """Add up the rows from each of the first ones up to the next: one by one, so that the order is a row's own."""
    counts = np.diff(np.append(first, len(a)))
    total = a[first]
    for place in range(1, counts.max(initial=0)):
        longer = np.flatnonzero(counts > place)
        total[longer] += a[first[longer] + place]
    return total
