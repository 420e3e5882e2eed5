"""The He initializer."""

import math
from dataclasses import dataclass

from model.initializers.initializer import Initializer


@dataclass(frozen=True)
class He(Initializer):
    """Keeps the variance of activations under ReLU, which sets half of its inputs to 0: bound = √(6 / fan_in).

    Source: He et al., "Delving deep into rectifiers", 2015.
    """

    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return √(6 / fan_in)."""
        return math.sqrt(6 / fan_in)
