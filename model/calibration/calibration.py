"""The base class of calibrations: rising maps of log-odds."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from model.design import Floats


@dataclass(frozen=True)
class Calibration(ABC):
    """Maps log-odds z to calibrated log-odds g(z) = Σ slopeₖ · basisₖ(z) + shift.

    Each basis rises and their slopes sum to 1 everywhere. So g rises if the slopes are above 0, customers keep their
    order, and g′(z) lies between the slopes.
    """

    SLOPES: ClassVar[tuple[str, ...]]
    """The names of the fields that hold the slopes."""
    shift: float = field(default=0.0, kw_only=True)

    @classmethod
    @abstractmethod
    def identity(cls, z: Floats) -> Self:
        """Return the calibration of this kind that changes nothing, for scores in the range of z."""

    @abstractmethod
    def basis(self, z: Floats) -> list[Floats]:
        """Return the basis of each slope, (n,) to (n,). The bits of a row do not depend on its neighbours."""

    @abstractmethod
    def slope_at(self, z: Floats) -> Floats:
        """Return g′(z), (n,) to (n,)."""

    @property
    def slopes(self) -> tuple[float, ...]:
        """The slope of each basis."""
        return tuple(getattr(self, name) for name in self.SLOPES)

    @property
    def kinks(self) -> tuple[float, ...]:
        """The logits at which a derivative of g jumps."""
        return ()

    def with_slopes(self, slopes: Sequence[float], shift: float) -> Self:
        """Return the calibration of this kind, and of the same range, with other slopes and another shift."""
        return replace(self, **dict(zip(self.SLOPES, slopes, strict=True)), shift=shift)

    def __call__(self, z: Floats) -> Floats:
        """Return g(z), (n,) to (n,)."""
        total = np.full(z.shape, self.shift)
        for slope, basis in zip(self.slopes, self.basis(z), strict=True):
            total += slope * basis
        return total
