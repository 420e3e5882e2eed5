"""The step schedule."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.design import Floats
from model.ranges import Count, Positive
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Step(Schedule):
    """Multiplies the learning rate by γ every s epochs or steps: η = η₀ γ^⌊t/s⌋."""

    by: Literal["step", "epoch"] = "epoch"
    factor: Positive = 0.1
    every: Count = 30

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return η₀ γ^⌊t/s⌋."""
        return np.asarray(peak * self.factor ** np.floor(t / self.every))
