"""The plateau schedule: it lowers the learning rate when the loss stops falling."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.ranges import Count, NonNegative, Positive
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Plateau(Schedule):
    """Multiplies η by `factor` when the loss has not fallen by more than `min_delta` for `patience` epochs.

    The loss is the validation loss; without validation rows, the training loss.
    """

    watches: ClassVar[bool] = True
    factor: Positive = 0.1
    patience: Count = 5
    min_delta: NonNegative = 0.0

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return η₀. The losses, not known in advance, lower it later: see `watch`."""
        return np.full_like(t, peak)

    def watch(self, memory: Floats, loss: Floats) -> None:
        """Update the factor, the best loss and the epochs without improvement."""
        factor, best, waited = memory[0, ...], memory[1, ...], memory[2, ...]
        better = loss < best - self.min_delta
        best[...] = np.where(better, loss, best)
        waited[...] = np.where(better, 0, waited + 1)
        tired = waited >= self.patience
        factor[...] = np.where(tired, factor * self.factor, factor)
        waited[...] = np.where(tired, 0, waited)
