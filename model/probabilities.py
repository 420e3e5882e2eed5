"""Maps logits to probabilities. The bits of a row do not depend on its position."""

import numpy as np

from model.design import Floats

TILE = 64  # the tail of an array may use other instructions than its body; multiples of this have no tail


def sigmoid(logits: Floats) -> Floats:
    """Return σ(z).

    Shapes: (n,).
    Example:
        >>> sigmoid(np.array([0.0])).tolist()
        [0.5]
    """
    tiles = padded(logits[:, None])[0]
    small = np.exp(-np.abs(tiles))  # never overflows
    return np.asarray((np.where(tiles >= 0.0, 1.0, small) / (1.0 + small))[: len(logits)])


def softplus(logits: Floats) -> Floats:
    """Return ln(1 + eᶻ), which is −ln(1 − σ(z)).

    Shapes: (n,).
    Example:
        >>> softplus(np.array([-1e4, 0.0, 1e4])).round(6).tolist()
        [0.0, 0.693147, 10000.0]
    """
    tiles = padded(logits[:, None])[0]
    return np.asarray((np.maximum(tiles, 0.0) + np.log1p(np.exp(-np.abs(tiles))))[: len(logits)])


def softmax(logits: Floats) -> Floats:
    """Return softmax(z).

    Shapes: (n, c).
    Example:
        >>> softmax(np.zeros((1, 4))).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    tiles = padded(logits)
    small = np.exp(tiles - tiles.max(0))
    total = np.zeros(tiles.shape[1])
    for each in small:  # one by one: NumPy sums a single row in another order than several rows
        total += each
    return np.ascontiguousarray((small / total)[:, : len(logits)].T)


def padded(logits: Floats) -> Floats:
    """Return the transposed logits with zeros after the last row.

    Shapes: (n, c) to (c, a multiple of 64).
    """
    tiles = np.zeros((logits.shape[1], -(-len(logits) // TILE) * TILE))
    tiles[:, : len(logits)] = logits.T
    return tiles
