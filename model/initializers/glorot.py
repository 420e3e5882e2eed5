"""The Glorot initializer."""

import math
from dataclasses import dataclass

from model.initializers.initializer import Initializer


@dataclass(frozen=True)
class Glorot(Initializer):
    """bound = √(6 / (fan_in + fan_out)): keeps the variance of activations and gradients even.

    For tanh and sigmoid.

    Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return √(6 / (fan_in + fan_out))."""
        return math.sqrt(6 / (fan_in + fan_out))
