"""The He initializer."""

import math
from dataclasses import dataclass

from model.initializers.initializer import Initializer


@dataclass(frozen=True)
class He(Initializer):
    """bound = √(6 / fan_in): makes up for the half of its inputs that a ReLU silences.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """

    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return √(6 / fan_in)."""
        return math.sqrt(6 / fan_in)
