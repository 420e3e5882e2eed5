"""The Glorot initializer."""

import math
from dataclasses import dataclass

from model.initializers.initializer import Initializer


@dataclass(frozen=True)
class Glorot(Initializer):
    """Keeps the variance of activations and gradients even, for tanh and sigmoid: bound = √(6 / (fan_in + fan_out)).

    Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return √(6 / (fan_in + fan_out))."""
        return math.sqrt(6 / (fan_in + fan_out))
