"""The rows of a design that training or validation goes over, with labels and weights as the loss wants them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.design import Design, Floats, Integers
from model.losses import Loss


@dataclass(frozen=True)
class Rows:
    """Rows of X by number, so that nothing of X itself is copied: it may be memory-mapped.

    Shapes: X (n, d); which (m,) row numbers of X; targets (m, c); weights (m,) with mean 1, or None for all ones.
    """

    X: Floats
    which: Integers
    targets: Floats
    weights: Floats | None

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.which)

    @property
    def width(self) -> int:
        """How many features a row has."""
        return int(self.X.shape[1])


def rows_of(
    design: Design, which: Integers, loss: Loss, outputs: int, weights: Floats | None, dtype: DTypeLike
) -> Rows:
    """Return the chosen rows of a design, encoded for a loss."""
    targets = np.ascontiguousarray(loss.targets(design.y[which], outputs).T, dtype=dtype)
    chosen = None
    if weights is not None and len(which):
        chosen = np.asarray(weights[which], np.float64)
        chosen = np.asarray(chosen / chosen.mean(), dtype)
    return Rows(design.X, which, targets, chosen)


def row_weights(design: Design, class_weight: object) -> NDArray[np.float64] | None:
    """Return each row's weight in the loss: its own times its class's, or None when all are 1."""
    weights = None if design.weight is None else np.asarray(design.weight, np.float64)
    if class_weight is None:
        return weights
    labels, inverse, counts = np.unique(design.y[design.train_rows], return_inverse=True, return_counts=True)
    del inverse
    if class_weight == "balanced":
        by_label = {float(label): 1 / count for label, count in zip(labels, counts, strict=True)}
    else:
        by_label = {float(label): weight for label, weight in class_weight}  # type: ignore[attr-defined]
    classes = np.array([by_label.get(float(label), 1.0) for label in design.y])
    return classes if weights is None else weights * classes
