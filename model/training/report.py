"""The report of an epoch, and the norms of layers in it."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from model.network.parameters import Buffers, views
from model.network.stack import Stack


@dataclass(frozen=True)
class LayerReport:
    """The norms of each array of parameters at the last step of an epoch.

    An update ratio is ‖update‖ / ‖parameters‖. About 0.001 is healthy; far above, training is unstable; far below, it
    hardly moves.
    """

    names: tuple[str, ...]
    gradient_norms: tuple[float, ...]
    update_ratios: tuple[float, ...]


@dataclass(frozen=True)
class EpochReport:
    """The figures of one epoch.

    The training loss is the mean over the steps of the epoch, each before its update. The gradient norm is the mean
    over the steps, before clipping. With members, losses and norms are means over members, and the AUC is that of their
    mean logit. `dead_units` is the share of ReLU units that are 0 for all of the last validation rows, up to 1,024;
    None without ReLU units. `stage` counts the stages of a portfolio, from 1, whose losses may differ in label
    smoothing.

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
    stage: int = 1


class LayerMonitor:
    """Computes the norms of parameters, gradients and updates from the buffers of a training."""

    def __init__(self, stack: Stack, buffers: Buffers) -> None:
        arrays = [views(flat, stack.tensors()) for flat in (*buffers.gradients, buffers.values)]
        self._names = tuple(arrays[0])
        self._squares = np.zeros((len(arrays), len(self._names), *buffers.lead), buffers.dtype)
        self._calls = []
        for i, named in enumerate(arrays):
            for j, array in enumerate(named.values()):
                a, place = array.reshape(*buffers.lead, -1), self._squares[i, j, ...]
                self._calls.append(partial(np.vecdot, a, a, place) if buffers.lead else partial(a.dot, a, place))

    def report(self) -> LayerReport:
        """Return the norms of all layers; with members, the root mean squares of their norms."""
        for call in self._calls:
            call()
        squares = self._squares.mean(-1) if self._squares.ndim > 2 else self._squares
        gradients, updates, values = np.sqrt(squares)
        return LayerReport(self._names, tuple(gradients.tolist()), tuple((updates / values).tolist()))
