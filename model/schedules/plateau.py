"""The schedule that goes down when the loss no longer does."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.ranges import Count, NonNegative, Positive
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Plateau(Schedule):
    """η ← η · factor whenever the loss has not fallen by more than `min_delta` for `patience` epochs.

    The loss is the validation loss, or the training loss where nothing is held out.
    """

    watches: ClassVar[bool] = True
    factor: Positive = 0.1
    patience: Count = 5
    min_delta: NonNegative = 0.0

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return η₀: what the losses make of it is not known beforehand."""
        return np.full_like(t, peak)

    def watch(self, memory: Floats, loss: Floats) -> None:
        """Take up the losses of an epoch."""
        factor, best, waited = memory[0, ...], memory[1, ...], memory[2, ...]
        better = loss < best - self.min_delta
        best[...] = np.where(better, loss, best)
        waited[...] = np.where(better, 0, waited + 1)
        tired = waited >= self.patience
        factor[...] = np.where(tired, factor * self.factor, factor)
        waited[...] = np.where(tired, 0, waited)
