"""The quadratic: a slope that changes at a constant rate over the range of scores, and is constant beyond it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.calibration.calibration import Calibration
from model.design import Floats

LEAST_RANGE = 1e-9  # log-odds
TAIL = 0.02  # the share of scores beyond either end of the range: single scores may be far from all others


@dataclass(frozen=True)
class Quadratic(Calibration):
    """g(z) has the slope low up to start, the slope high from stop on, and is quadratic between; g(start) = shift."""

    low: float
    high: float
    start: float
    stop: float
    SLOPES: ClassVar[tuple[str, ...]] = ("low", "high")

    @classmethod
    def identity(cls, z: Floats) -> "Quadratic":
        """Return z, with the range of all scores but the lowest and highest 2 %."""
        start, stop = (float(end) for end in np.quantile(z, [TAIL, 1 - TAIL]))
        stop = max(stop, start + LEAST_RANGE * max(1.0, abs(start)))
        return cls(1.0, 1.0, start, stop, shift=start)

    @property
    def kinks(self) -> tuple[float, ...]:
        """Both ends of the range."""
        return (self.start, self.stop)

    def basis(self, z: Floats) -> list[Floats]:
        """Return the integrals from start to z of 1 − t and of t, where t goes from 0 at start to 1 at stop."""
        width = self.stop - self.start
        t = self._part(z)
        rising = width * (t * t / 2)
        return [width * t - rising + np.minimum(z - self.start, 0.0), rising + np.maximum(z - self.stop, 0.0)]

    def slope_at(self, z: Floats) -> Floats:
        """Return (1 − t) · low + t · high."""
        t = self._part(z)
        return np.asarray((1.0 - t) * self.low + t * self.high)

    def _part(self, z: Floats) -> Floats:
        return np.asarray(np.clip((z - self.start) / (self.stop - self.start), 0.0, 1.0))
