"""Binary cross-entropy, fused with the sigmoid."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.errors import Problem, SpecError
from model.losses.loss import Loss
from model.ranges import BelowOne
from model.tape import Arena, Tape


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """The cross-entropy of a yes/no label: L = −y ln ŷ − (1 − y) ln(1 − ŷ), ŷ = σ(z); ∂L/∂z = ŷ − y.

    The target is s = 2y − 1. Then ŷ − y = (tanh(z/2) − s)/2 and L = ln(1 + e^−|z|) + (|z| − sz)/2. Neither form
    overflows or takes the logarithm of a clipped probability.

    Units: nats.
    """

    factor: ClassVar[float] = 0.5
    label_smoothing: BelowOne = 0.0

    def outputs(self, y: NDArray[Any]) -> int:
        """Return 1."""
        if not np.isin(y, (0, 1)).all():
            raise SpecError(
                [Problem("/loss", "labels", "binary_cross_entropy needs labels 0 and 1: name another loss")]
            )
        return 1

    def targets(self, y: NDArray[Any], outputs: int) -> Floats:
        """Return s = 2y − 1. Label smoothing moves it towards 0."""
        return np.asarray((2.0 * y - 1.0) * (1.0 - self.label_smoothing))[None, :]

    def record(self, tape: Tape, arena: Arena, z: Floats, target: Floats, weight: Floats) -> Floats:
        """Record δ = weight · (tanh(z/2) − s)."""
        half = tape.number(0.5)
        delta = arena.fresh(1)
        tape(np.multiply, z, half, delta)
        tape(np.tanh, delta, delta)
        tape(np.subtract, delta, target, delta)
        tape(np.multiply, delta, weight, delta)
        return delta

    def values(self, z: Floats, target: Floats) -> Floats:
        """Return ln(1 + e^−|z|) + (|z| − sz)/2."""
        size = np.abs(z)
        result = np.exp(-size)
        np.log1p(result, result)
        size -= target * z
        size *= 0.5
        result += size
        return np.asarray(result[..., 0, :])

    def reference(self, z: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return −y ln ŷ − (1 − y) ln(1 − ŷ), and ŷ − y; smoothing moves y towards 1/2."""
        p, y = 1 / (1 + np.exp(-z[:, 0])), y * (1 - self.label_smoothing) + self.label_smoothing / 2
        return -y * np.log(p) - (1 - y) * np.log(1 - p), (p - y)[:, None]
