"""What training tells after an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.parameters import Numbers
from model.stack import Stack


@dataclass(frozen=True)
class LayerReport:
    """One array of parameters at the epoch's last step.

    `update_ratio` is ‖update‖ / ‖parameters‖; around 0.001 is healthy, far above is unstable, far below is stuck.
    """

    name: str
    gradient_norm: float
    update_ratio: float


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did.

    The training loss is the mean over the epoch's steps, each before its update; the gradient norm is the mean too,
    before clipping. With members, losses and norms are the members' means and the AUC is that of their mean logit.
    `dead_units` is the share of ReLU units that were 0 for every row looked at; None without ReLU.

    Units: losses in nats for the cross-entropies; seconds of wall clock.
    """

    epoch: int
    epochs: int
    steps: int
    learning_rate: float
    train_loss: float
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float
    seconds: float
    layers: tuple[LayerReport, ...] = ()
    dead_units: float | None = None
    retries: int = 0


class Inspection:
    """Looks at parameters, gradients and updates where training keeps them."""

    def __init__(self, stack: Stack, numbers: Numbers, update: Floats, watched: Sequence[Floats]) -> None:
        sizes = [tensor.shape[0] * tensor.shape[1] for _, tensor in stack.tensors()]
        self._names = [name for name, _ in stack.tensors()]
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._arrays = (numbers.gradients[0], update, numbers.values)
        self._watched = watched

    def layers(self) -> tuple[LayerReport, ...]:
        """Return one report for each array of parameters; with members, of their root mean squares."""
        with np.errstate(all="ignore"):
            gradient, update, values = (self._norms(array) for array in self._arrays)
            rows = zip(self._names, gradient, update / values, strict=True)
            return tuple(LayerReport(name, float(norm), float(ratio)) for name, norm, ratio in rows)

    def _norms(self, flat: Floats) -> Floats:
        squares = np.square(flat)
        mean = squares.mean(0) if squares.ndim == 2 else squares
        return np.asarray(np.sqrt(np.add.reduceat(mean, self._starts)))

    def dead_units(self) -> float | None:
        """Return the share of watched units that are 0 for all rows."""
        if not self._watched:
            return None
        dead = [a.max(-1) <= 0 for a in self._watched]
        return float(sum(each.sum() for each in dead) / sum(each.size for each in dead))
