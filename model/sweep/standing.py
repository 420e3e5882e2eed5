"""The standing of a configuration: its out-of-fold losses when its training was paused or ended."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.metrics import auc, log_loss
from model.sweep.changes import Changes


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A configuration, by its place in the plan and its changes of the spec, at the end of a rung.

    `loss` and `auc` are of all rows, each scored by the network that held it out, calibrated by other rows. Their
    errors are standard errors over the folds. `from_epoch` is where this rung's training continued: 0 in a later rung
    means that the state did not fit into the checkpoint, and the same epochs were trained again. `finished` tells
    whether the training has ended, by its last epoch or an early stop. A configuration that cannot be trained has an
    `error` in place of the losses.
    """

    configuration: int
    changes: Changes
    rung: int
    epochs: int
    from_epoch: int = 0
    finished: bool = False
    loss: float | None = None
    loss_error: float | None = None
    auc: float | None = None
    auc_error: float | None = None
    fold_losses: Sequence[float] = ()
    error: str | None = None

    @property
    def place(self) -> tuple[int, bool, float, int]:
        """The sort key among the last standings of all configurations: a later rung goes before an earlier one."""
        return place(self.rung, self.loss, self.configuration)

    @property
    def order(self) -> tuple[bool, float, int]:
        """The sort key within a rung: the lowest loss first, ties as listed, those without a loss last."""
        return place(self.rung, self.loss, self.configuration)[1:]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self) | {"changes": dict(self.changes), "fold_losses": list(self.fold_losses)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Return the standing that `to_json` wrote."""
        return cls(**{**raw, "fold_losses": tuple(raw["fold_losses"])})


def place(rung: int, loss: float | None, configuration: int) -> tuple[int, bool, float, int]:
    """Return the sort key of a leaderboard: a later rung first, then a lower loss; ties as listed, failures last."""
    return -rung, loss is None, loss or 0.0, configuration


def measure(y: Floats, log_odds: Floats, folds: NDArray[np.int64]) -> dict[str, Any]:
    """Return the figures of a standing.

    Shapes: y, log_odds and folds (n,).

    Example:
        >>> y, folds = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 0, 1, 1])
        >>> found = measure(y, np.array([-1.0, 1.0, -2.0, 2.0]), folds)
        >>> round(found["loss"], 3), round(found["loss_error"], 3), found["auc"], found["auc_error"]
        (0.22, 0.093, 1.0, 0.0)
    """
    parts = [(y[folds == fold], log_odds[folds == fold]) for fold in np.unique(folds)]
    losses = [log_loss(*part) for part in parts]
    areas = [auc(*part) for part in parts if 0 < part[0].sum() < len(part[0])]
    return {
        "loss": log_loss(y, log_odds),
        "loss_error": standard_error(losses),
        "auc": auc(y, log_odds),
        "auc_error": standard_error(areas),
        "fold_losses": tuple(losses),
    }


def standard_error(values: Sequence[float]) -> float | None:
    """Return the standard error of a mean; None of fewer than two values.

    Example:
        >>> standard_error([1.0, 2.0, 3.0])
        0.5773502691896258
    """
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
