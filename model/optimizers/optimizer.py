"""The base of all optimizers: from a gradient to an update, recorded on a tape."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from model.design import Floats
from model.ranges import Positive
from model.tape import Tape


@dataclass(frozen=True)
class Optimizer(ABC):
    """θ ← θ − update, for all parameters of the network at once.

    Everything that depends on the step alone is computed beforehand, for many steps together: `coefficients`.
    """

    moments: ClassVar[int] = 0
    """How many running averages of the parameters' shape it keeps."""
    decoupled: ClassVar[bool] = False
    """Whether weight decay acts on the parameters themselves instead of joining the gradient."""

    learning_rate: Positive = 0.001

    @abstractmethod
    def coefficients(self, rates: Floats, steps: Floats) -> Sequence[Floats]:
        """Return arrays of numbers, one number a step, from the learning rates and the step counts (from 1)."""

    @abstractmethod
    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record the update, with its result in gradients[1], and return that.

        Shapes: gradients is (2, [K,] P), the gradient, which stays, and room; moments is (moments, [K,] P); numbers
        are this step's coefficients.
        """
