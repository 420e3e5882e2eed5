"""Measures loss and AUC on the validation rows after an epoch."""

import math

import numpy as np

from model.design import Design, Floats
from model.metrics import auc
from model.network.forward import Forward
from model.network.parameters import Buffers
from model.network.stack import Stack
from model.spec import Spec
from model.training.divergence import highest_loss
from model.training.rows import rows_of

VALIDATION_ROWS = 1024  # rows validated together


class Validator:
    """Measures the current parameters on a copy of the validation rows."""

    def __init__(self, spec: Spec, stack: Stack, buffers: Buffers, design: Design, weights: Floats | None) -> None:
        self._loss, self._count = spec.loss, len(design.valid_rows)
        self.highest = math.inf
        if not self._count:
            return
        rows = rows_of(design, design.valid_rows, spec, stack.outputs, weights)
        self.highest = highest_loss(spec.loss, rows)
        self._X = np.asarray(design.X[design.valid_rows], spec.dtype)
        self._targets, self._weights = rows.targets.T, rows.weights
        self._y = np.asarray(design.y[design.valid_rows], np.float64)
        self._ranked = stack.outputs == 1 and set(np.unique(self._y)) == {0.0, 1.0}
        tile = min(self._count, VALIDATION_ROWS)
        self._forward = Forward(stack, buffers.views, tile, watch=True)

    def measure(self) -> tuple[Floats | None, Floats | None]:
        """Return the mean loss and the logits of each network; None without validation rows.

        Shapes: ([K]) and ([K,] c, n).
        """
        if not self._count:
            return None, None
        logits = self._forward.logits(self._X)
        losses = self._loss.values(logits, self._targets)
        if self._weights is not None:
            losses = losses * self._weights
        return np.asarray(losses.mean(-1, np.float64)), logits

    def dead_units(self) -> float | None:
        """Return the share of watched units that were 0 for every row of the last tile; None without watched units."""
        activity = self._forward.activity if self._count else []
        if not activity:
            return None
        alive = sum(np.count_nonzero(each) for each in activity)
        return float(1 - alive / sum(each.size for each in activity))

    def auc(self, logits: Floats) -> float | None:
        """Return the AUC of the mean logit of the networks; None unless labels 0 and 1 both occur."""
        if not self._ranked:
            return None
        return auc(self._y, logits[0] if logits.ndim == 2 else logits[:, 0].mean(0, np.float64))
