"""The constant schedule."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """Keeps the learning rate: η = η₀."""

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return η₀ for every step."""
        return np.full_like(t, peak)
