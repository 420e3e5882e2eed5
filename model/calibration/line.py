"""The line: one slope for all scores."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.calibration.calibration import Calibration
from model.design import Floats


@dataclass(frozen=True)
class Line(Calibration):
    """g(z) = slope · z + shift. The line of slope 1 and shift 0 changes nothing.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    slope: float = 1.0
    SLOPES: ClassVar[tuple[str, ...]] = ("slope",)

    @classmethod
    def identity(cls, z: Floats) -> "Line":
        """Return the line z."""
        return cls()

    def basis(self, z: Floats) -> list[Floats]:
        """Return z."""
        return [z]

    def __call__(self, z: Floats) -> Floats:
        """Return g(z), as the base class does, but for any form of z and with fewer calls."""
        return np.asarray(z * self.slope + self.shift)

    def slope_at(self, z: Floats) -> Floats:
        """Return the slope."""
        return np.full(z.shape, self.slope)
