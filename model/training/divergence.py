"""The limit of the loss above which a training has diverged."""

import numpy as np

from model.losses import Loss
from model.training.rows import Rows

RUNAWAY = 1e4  # times the loss of a network that has learned nothing
CHUNK = 65_536


def highest_loss(loss: Loss, rows: Rows) -> float:
    """Return the mean loss above which training has diverged: 10,000 times that of logits 0, but at least 10,000.

    The limit grows with the labels: labels in the millions give high first losses without divergence.
    """
    total = 0.0
    for start in range(0, len(rows.which), CHUNK):
        target = rows.targets[start : start + CHUNK].T
        values = loss.values(np.zeros_like(target), target)
        if rows.weights is not None:
            values = values * rows.weights[start : start + CHUNK]
        total += float(values.sum(dtype=np.float64))
    return RUNAWAY * max(1.0, total / len(rows.which))
