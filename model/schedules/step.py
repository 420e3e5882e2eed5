"""The step schedule."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.design import Floats
from model.ranges import Count, Positive
from model.schedules.schedule import Schedule


@dataclass(frozen=True, kw_only=True)
class Step(Schedule):
    """η = η₀ γ^⌊t/s⌋, with t and s in epochs unless `by` says steps."""

    by: Literal["step", "epoch"] = "epoch"
    factor: Positive = 0.1
    every: Count = 30

    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return η₀, multiplied by γ once every s."""
        return np.asarray(peak * self.factor ** np.floor(t / self.every))
