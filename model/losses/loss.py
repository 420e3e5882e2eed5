"""The base class of losses: the gradient for training, and the values for reports."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from model.design import Floats
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Loss(ABC):
    """A function of the last z (the logits) and the labels, averaged over rows.

    Shapes: z and the targets are ([K,] c, B); row weights are ([K,] 1, B), already divided by the rows of a batch and
    multiplied by `factor`.
    """

    factor: ClassVar[float] = 1.0
    """A constant factor of ∂loss/∂z. It is part of the row weights, which saves a call."""

    @abstractmethod
    def outputs(self, y: NDArray[Any]) -> int:
        """Return the number of logits of a row; raise SpecError when the labels do not suit this loss."""

    @abstractmethod
    def targets(self, y: NDArray[Any], outputs: int) -> Floats:
        """Return labels in the form that is compared with z: (n,) to (outputs, n)."""

    @abstractmethod
    def record(self, tape: Tape, arena: Arena, z: Floats, target: Floats, weight: Floats) -> Floats:
        """Record δ = weight · ∂loss/∂z / factor and return it. Do not change z."""

    @abstractmethod
    def values(self, z: Floats, target: Floats) -> Floats:
        """Return the loss of every row: (…, c, n) to (…, n)."""

    @abstractmethod
    def reference(self, z: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the loss of every row, and ∂loss/∂z, by the plain equations: the specification of the other forms.

        Shapes: z (n, c), one row a customer; y (n,); results (n,) and (n, c).
        """
