"""The path integral of a piecewise-linear network: exact, as a finite sum over the segments of the path.

On the straight path from base to row, the logit is linear between the points where a unit changes sign. The forward
pass cuts the path at these breakpoints, layer by layer. The backward pass carries the gradient of each segment,
weighted by the length of the segment. It adds up the segments that were one segment in the layer before. With a curve
g of the logit, a segment is also weighted by the mean slope of g between the logits of its ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.design import Floats, Integers
from model.layers.pieces import Piece
from model.network.curve import Curve, secant

BLOCK = 1024  # paths of a block, at most
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


def exact_contributions(
    members: Sequence[Sequence[Piece]], bases: Floats, X: Floats, curve: Curve | None = None
) -> Floats:
    """Return the contribution of every feature, averaged over the bases and the members.

    With a curve, the contributions are to g(z), where z is the mean of the members.

    Shapes: bases (m, d); X (n, d); result (n, d).
    """
    if curve is not None:
        members = [side_by_side(members)]
    result = np.zeros(X.shape)
    for pieces in members:
        first = pieces[0]
        z, z_bases = _product(X, first.weight) + first.bias, _product(bases, first.weight) + first.bias
        for rows, some in _blocks(len(X), len(bases), pieces):
            gradient = mean_gradient(pieces, _ends(z_bases[some], z[rows]), curve)
            gradient = _product(gradient, first.weight.T).reshape(-1, len(bases[some]), X.shape[1])
            # One by one: NumPy sums a single row in another order than several rows.
            result[rows] += np.add.accumulate((X[rows, None] - bases[some]) * gradient, axis=1)[:, -1]
    return np.asarray(result / (len(members) * len(bases)))


def side_by_side(members: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Return the pieces of one network whose logit is the mean of the members' logits."""
    joined: list[Piece] = []
    for place, pieces in enumerate(zip(*members, strict=True)):
        weight = np.hstack([piece.weight for piece in pieces]) if place == 0 else _diagonal([p.weight for p in pieces])
        bias, slope = (np.concatenate([piece[i] for piece in pieces]) for i in (1, 2))
        joined.append(Piece(weight, bias, slope))
    last, mean = joined[-1], np.full((len(members), 1), 1.0 / len(members))
    joined[-1] = Piece(last.weight @ mean, last.bias @ mean, np.ones(1))
    return joined


def _diagonal(blocks: Sequence[Floats]) -> Floats:
    ends = np.cumsum([block.shape for block in blocks], axis=0)
    whole = np.zeros(ends[-1])
    for block, (row, column) in zip(blocks, ends, strict=True):
        whole[row - block.shape[0] : row, column - block.shape[1] : column] = block
    return whole


def _blocks(rows: int, bases: int, pieces: Sequence[Piece]) -> Iterator[tuple[slice, slice]]:
    """Yield slices of rows and of bases whose paths fit into the memory; bases come in order for each row."""
    cuts = sum(len(piece.kinked) for piece in pieces)
    paths = max(1, min(BLOCK, NUMBERS // (1 + cuts * sum(len(piece.bias) for piece in pieces))))
    some = min(bases, paths)
    for start in range(0, rows, max(1, paths // some)):
        for base in range(0, bases, some):
            yield slice(start, min(start + max(1, paths // some), rows)), slice(base, base + some)


def _ends(bases: Floats, rows: Floats) -> Floats:
    """Return the base and the row of each path, one after the other: all bases of the first row, then of the next."""
    ends = np.empty((len(rows), len(bases), 2, bases.shape[1]))
    ends[:, :, 0], ends[:, :, 1] = bases, rows[:, None]
    return ends.reshape(-1, bases.shape[1])


def mean_gradient(pieces: Sequence[Piece], z: Floats, curve: Curve | None = None) -> Floats:
    """Return the derivative of the logit by the first piece's z, averaged along each path; with a curve, that of g.

    Shapes: z (2p, h), the first piece's z at the start and the end of each path; result (p, h).
    """
    kinked = [i for i, piece in enumerate(pieces) if len(piece.kinked)]
    tail = kinked[-1] + (curve is not None) if kinked else 0
    times, last = np.tile([0.0, 1.0], len(z) // 2), np.tile([False, True], len(z) // 2)
    steps: list[tuple[Floats, Floats, Integers]] = []
    for piece, following in pairwise(pieces[: tail + 1]):
        points, kept = Breakpoints(z, times, last).cut(piece.kinked)
        slopes = np.where(points.z + points.z[points.following] > 0.0, 1.0, piece.slope)
        steps.append((following.weight, slopes, kept))
        z = _product(np.where(points.z > 0.0, points.z, points.z * piece.slope), following.weight) + following.bias
        times, last = points.times, points.last
    gradient = _gradient(pieces[tail:], Breakpoints(z, times, last), curve)
    for weight, slopes, kept in reversed(steps):
        gradient = _added(_product(gradient, weight.T) * slopes, kept)
    return gradient[::2]


def _gradient(pieces: Sequence[Piece], points: Breakpoints, curve: Curve | None) -> Floats:
    """Return the derivative by the first piece's z for each segment, times the segment's length.

    Without a curve, only the first piece may have kinks; with one, none may.
    """
    z, stop = points.z, points.z[points.following]
    lengths = (points.times[points.following] - points.times)[:, None]
    downstream, bias = _downstream(pieces[1:])
    if curve is None:
        return np.asarray(_mean_slope(z, stop, pieces[0].slope) * downstream * lengths)
    logits = _product(z, downstream[:, None])[:, 0] + bias
    return np.asarray(lengths * secant(curve, logits, logits[points.following])[:, None] * downstream)


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


def _downstream(rest: Sequence[Piece]) -> tuple[Floats, float]:
    """Return w and b of the logit a · w + b of a chain of affine layers; w has shape (h,)."""
    if not rest:
        return np.ones(1), 0.0
    weight, bias = rest[0].weight, rest[0].bias
    for piece in rest[1:]:
        weight, bias = np.asarray(weight @ piece.weight), np.asarray(bias @ piece.weight + piece.bias)
    return weight[:, 0], float(bias[0])


def _added(a: Floats, first: Integers) -> Floats:
    """Add up the rows from each first row to the next, one by one, so that the order of a sum is fixed."""
    counts = np.diff(np.append(first, len(a)))
    total = a[first]
    for place in range(1, counts.max(initial=0)):
        longer = np.flatnonzero(counts > place)
        total[longer] += a[first[longer] + place]
    return total
