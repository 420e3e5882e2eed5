"""Logits to probabilities, so that a row's bits do not depend on where it stands."""

import numpy as np

from model.design import Floats

TILE = 64  # the tail of an array may take other instructions than its body: there is none in multiples of this


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
    for each in small:  # one by one: NumPy's own sums may add up one row in another order than many
        total += each
    return np.ascontiguousarray((small / total)[:, : len(logits)].T)


def padded(logits: Floats) -> Floats:
    """Return logits with zeros after the last row.

    Shapes: (n, c) to (c, a multiple of 64).
    """
    tiles = np.zeros((logits.shape[1], -(-len(logits) // TILE) * TILE))
    tiles[:, : len(logits)] = logits.T
    return tiles
