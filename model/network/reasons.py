"""Why a customer's log-odds differ from the baseline customer's: the path integral, feature by feature.

Walk straight from the baseline b to the customer x. Feature i contributes (xᵢ − bᵢ) ∫₀¹ ∂z/∂xᵢ (b + t(x − b)) dt, and
the contributions sum to z(x) − z(b). A network of affine layers and (leaky) ReLUs is linear between the points t where
a unit changes sign, so the integral is a finite sum over those pieces, without sampling. Others: see `curved`.

Source: Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (integrated gradients).
"""

from collections.abc import Callable, Sequence

import numpy as np

from model.design import Floats
from model.network.curved import curved_contributions
from model.network.network import Network
from model.network.pieces import Piece

TILE = 64  # rows that are worked on together, always this many, so that a row's bits do not depend on its neighbours


def contributions(network: Network, base: Floats, X: Floats) -> Floats:
    """Return what every feature adds to the log-odds of a row, against the base.

    They sum to z(x) − z(b): within rounding for piecewise-linear networks, within 1e-11 or so of the logits' size for
    curved ones. Codes are looked up first, so that the way from base to row leads through the numbers that stand for
    them.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    if network.apart:
        total = np.zeros(X.shape)
        for lookup, after in network.apart:
            shares = contributions(after, lookup.embedded(base[None])[0], lookup.embedded(X))
            total += lookup.gathered(shares, X.shape[1])
        return np.asarray(total / network.members)
    if network.pieces is not None:
        return exact_contributions(network.pieces, base, X)
    if not network.bent:
        return curved_contributions(network, False, base, X)
    total = np.zeros(X.shape)
    for single in network.singles:  # their bends are at different places
        total += curved_contributions(single, True, base, X)
    return np.asarray(total / network.members)


def exact_contributions(members: Sequence[Sequence[Piece]], base: Floats, X: Floats) -> Floats:
    """Return contributions of every feature, the mean over the members.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    return in_tiles(lambda tile: _members(members, base, tile), base, X)


def in_tiles(work: Callable[[Floats], Floats], padding: Floats, X: Floats) -> Floats:
    """Apply `work` to tiles of rows, the last one padded."""
    result = np.empty(X.shape)
    for start in range(0, len(X), TILE):
        rows = X[start : start + TILE]
        tile = np.empty((TILE, X.shape[1]))
        tile[: len(rows)] = rows
        tile[len(rows) :] = padding
        result[start : start + len(rows)] = work(tile)[: len(rows)]
    return result


def _members(members: Sequence[Sequence[Piece]], base: Floats, tile: Floats) -> Floats:
    total = np.zeros_like(tile)
    for pieces in members:
        total += _integral(list(pieces), np.stack([np.broadcast_to(base, tile.shape), tile]), np.ones((1, len(tile))))
    return np.asarray((tile - base) * (total / len(members)))


def _integral(pieces: Sequence[Piece], knots: Floats, lengths: Floats) -> Floats:
    """Return the integral of the gradient over all segments.

    Shapes: knots (s + 1, n, h), the activations where the segments meet; lengths (s, n); result (n, h).
    """
    return np.asarray(_segments(pieces, knots, lengths).sum(axis=0))


def _segments(pieces: Sequence[Piece], knots: Floats, lengths: Floats) -> Floats:
    """Return ∫ ∂z/∂a dt over each segment, shape (s, n, h): on a segment `a` moves straight from knot to knot."""
    piece, rest = pieces[0], pieces[1:]
    z = knots @ piece.weight + piece.bias
    if not rest:
        inner = np.broadcast_to(lengths[:, :, None], (*lengths.shape, z.shape[2]))
    elif len(piece.bends) == 0:
        inner = _segments(rest, z, lengths)
    elif all(len(later.bends) == 0 for later in rest):
        inner = _mean_slope(z, piece.slope) * _downstream(rest) * lengths[:, :, None]
    else:
        inner = _refined(piece, rest, z, lengths)
    return inner @ piece.weight.T


def _mean_slope(z: Floats, slope: Floats) -> Floats:
    """Return the activation's slope, averaged over each segment on which z runs straight between its ends."""
    above = np.maximum(z, 0.0)
    size = np.abs(z)
    size = size[:-1] + size[1:]
    share = (above[:-1] + above[1:]) / np.where(size > 0.0, size, 1.0)
    return slope + (1.0 - slope) * share


def _downstream(rest: Sequence[Piece]) -> Floats:
    """Return ∂z/∂a through layers that are all affine, shape (h,)."""
    product = rest[0].weight
    for piece in rest[1:]:
        product = product @ piece.weight
    return product[:, 0]


def _refined(piece: Piece, rest: Sequence[Piece], z: Floats, lengths: Floats) -> Floats:
    """Cut every segment where one of the piece's units changes sign, and go on to the next layer."""
    start, stop = z[:-1], z[1:]
    from_, to = start[:, :, piece.bends], stop[:, :, piece.bends]
    crosses = (from_ > 0.0) != (to > 0.0)
    cuts = np.where(crosses, from_ / np.where(crosses, from_ - to, 1.0), 1.0)
    cuts.sort(axis=2)
    s, n, h = start.shape
    parts = cuts.shape[2] + 1
    edges = np.empty((s, parts + 1, n))
    edges[:, 0], edges[:, -1] = 0.0, 1.0
    edges[:, 1:-1] = cuts.transpose(0, 2, 1)
    inside = start[:, None] + edges[:, :-1, :, None] * (stop - start)[:, None]
    fine = np.concatenate([inside.reshape(s * parts, n, h), z[-1:]])
    slopes = np.where(fine[:-1] + fine[1:] > 0.0, 1.0, piece.slope)
    activations = np.where(fine > 0.0, fine, fine * piece.slope)
    pieces_of_time = (np.diff(edges, axis=1) * lengths[:, None]).reshape(s * parts, n)
    gradient = _segments(rest, activations, pieces_of_time) * slopes
    return np.asarray(gradient.reshape(s, parts, n, h).sum(axis=1))
