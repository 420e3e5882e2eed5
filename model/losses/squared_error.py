"""Mean squared error."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.losses.loss import Loss
from model.tape import Arena, Tape


@dataclass(frozen=True)
class SquaredError(Loss):
    """The squared error of a number: L = (ŷ − y)², ŷ = z; ∂L/∂z = 2(ŷ − y).

    Units: the squared unit of the label.
    """

    factor: ClassVar[float] = 2.0

    def outputs(self, y: NDArray[Any]) -> int:
        """Return 1."""
        return 1

    def targets(self, y: NDArray[Any], outputs: int) -> Floats:
        """Return y."""
        return np.asarray(y, float)[None, :]

    def record(self, tape: Tape, arena: Arena, z: Floats, target: Floats, weight: Floats) -> Floats:
        """Record δ = weight · (z − y)."""
        delta = arena.fresh(1)
        tape(np.subtract, z, target, delta)
        tape(np.multiply, delta, weight, delta)
        return delta

    def values(self, z: Floats, target: Floats) -> Floats:
        """Return (z − y)²."""
        return np.asarray((z - target) ** 2)[..., 0, :]

    def reference(self, z: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return (z − y)², and 2(z − y)."""
        return (z[:, 0] - y) ** 2, 2 * (z - y[:, None])
