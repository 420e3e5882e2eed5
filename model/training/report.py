"""What training tells after an epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.network.parameters import Numbers
from model.network.stack import Stack


@dataclass(frozen=True)
class LayerReport:
    """The layers' arrays of parameters, by name, at the epoch's last step.

    An update ratio is ‖update‖ / ‖parameters‖: around 0.001 is healthy, far above is unstable, far below is stuck.
    """

    names: tuple[str, ...]
    gradient_norms: tuple[float, ...]
    update_ratios: tuple[float, ...]


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did.

    The training loss is the mean over the epoch's steps, each before its update; the gradient norm is the mean too,
    before clipping. With members, losses and norms are the members' means and the AUC is that of their mean logit.
    `dead_units` is the share of ReLU units that are 0 for each of the last validation rows, up to 1,024; None where
    there are none.

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
    layers: LayerReport | None = None
    dead_units: float | None = None
    retries: int = 0


class Inspection:
    """Looks at parameters, gradients and updates where training keeps them."""

    def __init__(self, stack: Stack, numbers: Numbers) -> None:
        sizes = [tensor.shape[0] * tensor.shape[1] for _, tensor in stack.tensors()]
        self._names = tuple(name for name, _ in stack.tensors())
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._numbers = numbers

    def layers(self) -> LayerReport:
        """Return the layers' norms; with members, their root mean squares."""
        with np.errstate(all="ignore"):
            gradient, update = self._norms(self._numbers.gradients)
            ratio = update / self._norms(self._numbers.values)
        return LayerReport(self._names, tuple(gradient.tolist()), tuple(ratio.tolist()))

    def _norms(self, flat: Floats) -> Floats:
        squares = np.square(flat)
        if self._numbers.lead:
            squares = squares.mean(-2)
        return np.asarray(np.sqrt(np.add.reduceat(squares, self._starts, -1)))
