"""The LeCun initializer."""

import math
from dataclasses import dataclass

from model.initializers.initializer import Initializer


@dataclass(frozen=True)
class LeCun(Initializer):
    """Keeps the variance of activations: bound = √(3 / fan_in).

    Source: LeCun et al., "Efficient BackProp", 1998.
    """

    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return √(3 / fan_in)."""
        return math.sqrt(3 / fan_in)
