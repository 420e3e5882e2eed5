"""Members with their own folds: each trains on all folds but one, and that one validates it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.design import Design, Floats, Integers
from model.metrics import auc
from model.network.parameters import Buffers
from model.network.stack import Stack
from model.spec import Spec
from model.training.rows import Rows
from model.training.validating import Validator


def without_held(rows: Rows, folds: Integers | None, spec: Spec) -> Rows:
    """Return the rows with the positions that each network trains on: those that its member does not hold out.

    Shapes: folds (n,), of all rows of the design.
    """
    if folds is None:
        return rows
    kept = [np.flatnonzero(folds[rows.which] != member) for member in range(spec.members)]
    return replace(rows, kept=tuple(each for each in kept for _ in range(spec.restarts)))


def validator_of(spec: Spec, stack: Stack, buffers: Buffers, design: Design, weights: Floats | None) -> Validator:
    """Return a validator that measures all networks on the same rows, or each on the rows that it holds out."""
    validator = Validator if design.folds is None else FoldValidator
    return validator(spec, stack, buffers, design, weights)


class FoldValidator(Validator):
    """Measures each network on its own validation rows. Each row is a validation row of one member."""

    def __init__(self, spec: Spec, stack: Stack, buffers: Buffers, design: Design, weights: Floats | None) -> None:
        super().__init__(spec, stack, buffers, design, weights)
        assert design.folds is not None  # noqa: S101 - see validator_of
        self._restarts = spec.restarts
        held, real = held_rows(design.folds[design.valid_rows], spec.members)
        self._member_y, self._real = self._y[held], real
        own = np.repeat(held, spec.restarts, axis=0)
        self._X, self._targets = self._X[own], self._targets[:, own].swapaxes(0, 1)
        counted = np.repeat(real, spec.restarts, axis=0) * (1.0 if self._weights is None else self._weights[own])
        self._weights = np.asarray(counted / counted.mean(-1, keepdims=True), spec.dtype)

    def measure(self) -> tuple[Floats | None, Floats | None]:
        """Return the loss of all rows for each network, and the logits of its own rows.

        All members get the same loss, so that they stop at the same epoch. A member that chose its own epoch by the
        rows that it holds out would flatter itself on these rows.
        """
        losses, logits = super().measure()
        by_restart = np.asarray(losses).reshape(-1, self._restarts)
        return np.tile(by_restart.mean(0), len(by_restart)), logits

    def auc(self, logits: Floats) -> float | None:
        """Return the AUC over all rows, each with the logit of the member that holds it out."""
        return auc(self._member_y[self._real], logits[:, 0][self._real]) if self._ranked else None


def held_rows(folds: Integers, members: int) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the positions of each member's rows, repeated to equal length, and a mask of those not repeated.

    Shapes: folds (n,); both results (members, v).

    Example:
        >>> held, real = held_rows(np.array([0, 1, 0]), 2)
        >>> held.tolist(), real.tolist()
        ([[0, 2], [1, 1]], [[True, True], [True, False]])
    """
    rows = [np.flatnonzero(folds == member) for member in range(members)]
    longest = max(map(len, rows))
    real = np.array([np.arange(longest) < len(each) for each in rows])
    return np.array([np.resize(each, longest) for each in rows]), real
