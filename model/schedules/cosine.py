"""The cosine schedule."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.ranges import NonNegative, Proportion
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Lowers the learning rate along half a cosine wave: η = η_min + (η_max − η_min)(1 + cos(πt/T))/2.

    Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    warmup: Proportion = 0.05
    minimum: NonNegative = 0.0

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return half a wave from η_max down to η_min."""
        return np.asarray(self.minimum + (peak - self.minimum) * (1 + np.cos(np.pi * t / T)) / 2)
