"""The path integral of a piecewise-linear network: exact, as a finite sum over the segments of the path.

On the straight path from base to row, the logit is linear between the points where a unit changes sign. The forward
pass cuts the path at these breakpoints, layer by layer. The backward pass carries the gradient of each segment,
weighted by the length of the segment. It adds up the segments that were one segment in the layer before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.design import Floats, Integers
from model.layers.pieces import Piece

BLOCK = 256  # rows of a block, at most
NUMBERS = 1 << 22  # activations of breakpoints in memory at a time, about: 32 MB
TILE = 64  # rows of every matrix product, so that a row's bits do not depend on its neighbours


@dataclass(frozen=True)
class Breakpoints:
    """The points that cut the paths, path after path, and the z of a layer at these points.

    A segment goes from each point to the next point of its path. The last point has a segment to itself.

    Shapes: z (k, h); times (k,), from 0 to 1; last (k,), whether the point ends its path.
    """

    z: Floats
    times: Floats
    last: NDArray[np.bool_]

    @property
    def following(self) -> Integers:
        """The index of the point at the other end of each segment."""
        return np.asarray(np.arange(len(self.last)) + ~self.last)

    def cut(self, kinked: Integers) -> "tuple[Breakpoints, Integers]":
        """Add a point wherever a kinked unit changes sign; also return the new indices of the old points."""
        following, side = self.following, self.z[:, kinked] > 0.0
        segment, unit = np.nonzero(side != side[following])
        start, stop = self.z[segment, kinked[unit]], self.z[following[segment], kinked[unit]]
        share = start / (start - stop)
        order = np.lexsort((share, segment))
        segment, share = segment[order], share[order]
        onward = following[segment]
        z = self.z[segment] + share[:, None] * (self.z[onward] - self.z[segment])
        times = self.times[segment] + share * (self.times[onward] - self.times[segment])
        place = np.argsort(np.concatenate([np.arange(len(self.last)), segment]), kind="stable")
        every = Breakpoints(
            np.concatenate([self.z, z])[place],
            np.concatenate([self.times, times])[place],
            np.concatenate([self.last, np.zeros(len(segment), np.bool_)])[place],
        )
        return every, np.flatnonzero(place < len(self.last))


def exact_contributions(members: Sequence[Sequence[Piece]], base: Floats, X: Floats) -> Floats:
    """Return the contribution of every feature, averaged over the members.

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
    """Return ∂z/∂x, averaged along the path from the base to each row.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    kinked = [i for i, piece in enumerate(pieces) if len(piece.kinked)]
    if not kinked:
        return np.broadcast_to(_downstream(pieces), X.shape)
    *before, last = pieces[: kinked[-1] + 1]
    paths = np.stack([np.broadcast_to(base, X.shape), X], axis=1).reshape(-1, X.shape[1])
    a, times, ends = paths, np.tile([0.0, 1.0], len(X)), np.tile([False, True], len(X))
    steps: list[tuple[Piece, Floats, Integers]] = []
    for piece in before:
        points, kept = Breakpoints(_product(a, piece.weight) + piece.bias, times, ends).cut(piece.kinked)
        slopes = np.where(points.z + points.z[points.following] > 0.0, 1.0, piece.slope)
        steps.append((piece, slopes, kept))
        a, times, ends = np.where(points.z > 0.0, points.z, points.z * piece.slope), points.times, points.last
    points = Breakpoints(_product(a, last.weight) + last.bias, times, ends)
    lengths = times[points.following] - times
    slopes = _mean_slope(points.z, points.z[points.following], last.slope)
    gradient = _product(slopes * _downstream(pieces[kinked[-1] + 1 :]) * lengths[:, None], last.weight.T)
    for piece, slopes, kept in reversed(steps):
        gradient = _product(_added(gradient * slopes, kept), piece.weight.T)
    return gradient[::2]


def _product(a: Floats, b: Floats) -> Floats:
    """Return ab, computed in tiles of rows. The last tile is padded."""
    padded = np.zeros((len(a) + -len(a) % TILE, a.shape[1]))
    padded[: len(a)] = a
    return np.asarray((padded.reshape(-1, TILE, a.shape[1]) @ b).reshape(-1, b.shape[1])[: len(a)])


def _mean_slope(start: Floats, stop: Floats, slope: Floats) -> Floats:
    """Return the mean slope of the activation on each segment; z is linear between the ends of a segment."""
    size = np.abs(start) + np.abs(stop)
    share = (np.maximum(start, 0.0) + np.maximum(stop, 0.0)) / np.where(size > 0.0, size, 1.0)
    return np.asarray(slope + (1.0 - slope) * share)


def _downstream(rest: Sequence[Piece]) -> Floats:
    """Return ∂z/∂a of a chain of affine layers, shape (h,)."""
    product = rest[0].weight
    for piece in rest[1:]:
        product = product @ piece.weight
    return product[:, 0]


def _added(a: Floats, first: Integers) -> Floats:
    """Add up the rows from each first row to the next, one by one, so that the order of a sum is fixed."""
    counts = np.diff(np.append(first, len(a)))
    total = a[first]
    for place in range(1, counts.max(initial=0)):
        longer = np.flatnonzero(counts > place)
        total[longer] += a[first[longer] + place]
    return total
