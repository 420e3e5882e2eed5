"""The progress of a training: its epoch, the best parameters of each network, and early stopping."""

from typing import Any

import numpy as np

from model.design import Floats
from model.spec import EarlyStopping


class TrainingProgress:
    """Keeps the parameters of the best epoch of each network; without early stopping, the latest parameters.

    A stopped network keeps its best parameters, as in a training alone. Training ends when all networks have stopped.
    """

    def __init__(self, values: Floats, states: Floats, stopping: EarlyStopping | None, restarts: int) -> None:
        lead = values.shape[:-1]
        self._stopping, self._restarts = stopping, restarts
        self.epoch = 0
        self.retries = 0
        self.best_loss = np.full(lead, np.inf)
        self.best_epoch = np.zeros(lead, np.int64)
        self.stopped = np.zeros(lead, np.bool_)
        self.best_values, self.best_states = (values, states) if stopping is None else (values.copy(), states.copy())
        self.schedule = np.stack([np.full(lead, start) for start in (1.0, np.inf, 0.0)])

    def note(self, loss: Floats, values: Floats, states: Floats) -> None:
        """Update the progress by the loss of each network after an epoch.

        Shapes: loss ([K]); values ([K,] P); states ([K,] S).
        """
        self.epoch += 1
        stopping = self._stopping
        if stopping is None:
            self.best_loss[...], self.best_epoch[...] = loss, self.epoch
            return
        better = ~self.stopped & (loss < self.best_loss - stopping.min_delta)
        if better.any():
            self.best_loss[better] = loss[better]
            self.best_epoch[better] = self.epoch
            self.best_values[better], self.best_states[better] = values[better], states[better]
        self.stopped |= self.epoch - self.best_epoch >= stopping.patience

    def chosen(self) -> Any:
        """Return the indices of the best restart of each member; for a single network, () for the whole array."""
        if self.best_loss.ndim == 0:
            return ()
        return self.best_loss.reshape(-1, self._restarts).argmin(1) + np.arange(0, self.best_loss.size, self._restarts)
