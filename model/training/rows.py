"""The rows of a design for training or validation, with labels and weights in the form of the loss."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.design import Design, Floats, Integers
from model.random import shuffle
from model.spec import ClassWeight, Spec


@dataclass(frozen=True)
class Rows:
    """Rows of X by number. X is not copied and may be memory-mapped.

    Shapes: X (n, d); which (m,), row numbers of X; targets (m, c); weights (m,) with mean 1, or None for all ones;
    kept, for each network its positions in `which`, or None for all positions.
    """

    X: Floats
    which: Integers
    targets: Floats
    weights: Floats | None
    kept: tuple[Integers, ...] | None = None

    @property
    def count(self) -> int:
        """The number of rows of an epoch, the same for each network."""
        return len(self.which) if self.kept is None else min(map(len, self.kept))

    def order(self, network: int, bits: np.random.PCG64) -> Integers:
        """Return the positions of the rows of the next epoch, in a new random order."""
        if self.kept is None:
            return shuffle(bits, self.count)
        kept = self.kept[network]
        return kept[shuffle(bits, len(kept))[: self.count]]

    @property
    def width(self) -> int:
        """The number of features of a row."""
        return int(self.X.shape[1])


def rows_of(design: Design, which: Integers, spec: Spec, outputs: int, weights: Floats | None) -> Rows:
    """Return the chosen rows of a design, with labels encoded for the loss of the spec."""
    targets = np.ascontiguousarray(spec.loss.targets(design.y[which], outputs).T, dtype=spec.dtype)
    chosen = None
    if weights is not None and len(which):
        chosen = np.asarray(weights[which], np.float64)
        chosen = np.asarray(chosen / chosen.mean(), spec.dtype)
    return Rows(design.X, which, targets, chosen)


def row_weights(design: Design, class_weight: ClassWeight) -> NDArray[np.float64] | None:
    """Return the weight of each row in the loss: its own weight times that of its class; None if all are 1."""
    weights = None if design.weight is None else np.asarray(design.weight, np.float64)
    if class_weight is None:
        return weights
    if class_weight == "balanced":
        labels, counts = np.unique(design.y[design.train_rows], return_counts=True)
        by_label = dict(zip(labels, 1 / counts, strict=True))
    else:
        by_label = {float(label): weight for label, weight in class_weight}
    classes = np.ones(len(design.y))
    for label, weight in by_label.items():
        classes[design.y == label] = weight
    return classes if weights is None else weights * classes
