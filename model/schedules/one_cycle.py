"""The one-cycle schedule."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.ranges import Proportion
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """Raises the learning rate from η₀ · start to η₀, then lowers it to η₀ · finish, along half cosine waves.

    The rise takes the share `rise` of the time.

    Source: Smith & Topin, "Super-convergence", 2018.
    """

    rise: Proportion = 0.3
    start: Proportion = 0.04
    finish: Proportion = 4e-6

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return the wave up and the wave down."""
        top = self.rise * T
        up = wave(self.start, 1.0, np.minimum(t / max(top, 1e-12), 1))
        down = wave(1.0, self.finish, (t - top) / max(T - top, 1e-12))
        return np.asarray(peak * np.where(t < top, up, down))


def wave(first: float, last: float, share: Floats) -> Floats:
    """Return half a cosine wave from the first number to the last."""
    return np.asarray(last + (first - last) * (1 + np.cos(np.pi * share)) / 2)
