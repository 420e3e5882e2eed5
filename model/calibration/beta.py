"""Beta calibration: one slope for low scores, another for high ones, and a smooth way between them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.calibration.calibration import Calibration
from model.design import Floats
from model.probabilities import sigmoid, softplus


@dataclass(frozen=True)
class Beta(Calibration):
    """g(z) = low · ln p − high · ln(1 − p) + shift with p = σ(z).

    The slope goes from low to high as p goes from 0 to 1.

    Source: Kull, Silva Filho & Flach, "Beta calibration", 2017.
    """

    low: float
    high: float
    SLOPES: ClassVar[tuple[str, ...]] = ("low", "high")

    @classmethod
    def identity(cls, z: Floats) -> "Beta":
        """Return ln p − ln(1 − p), which is z."""
        return cls(1.0, 1.0)

    def basis(self, z: Floats) -> list[Floats]:
        """Return ln p and −ln(1 − p)."""
        return [-softplus(-z), softplus(z)]

    def slope_at(self, z: Floats) -> Floats:
        """Return (1 − p) · low + p · high."""
        return np.asarray(self.low * sigmoid(-z) + self.high * sigmoid(z))
