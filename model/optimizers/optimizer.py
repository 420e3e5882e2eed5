"""The base class of optimizers: they record on a tape how a gradient becomes an update."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from model.design import Floats
from model.ranges import Positive
from model.tape import Tape


@dataclass(frozen=True)
class Optimizer(ABC):
    """Computes the update of all parameters at once: θ ← θ − update.

    `coefficients` computes in advance, for many steps, the numbers that depend on the step only.
    """

    moments: ClassVar[int] = 0
    """The number of running averages in the shape of the parameters."""
    decoupled: ClassVar[bool] = False
    """Whether weight decay changes the parameters directly instead of the gradient."""

    learning_rate: Positive = 0.001

    def coefficients(self, rates: Floats, steps: Floats) -> Sequence[Floats]:
        """Return arrays with one number a step, from learning rates and step counts (from 1); by default the rates."""
        return (rates,)

    @abstractmethod
    def record(self, tape: Tape, gradients: Floats, moments: Floats, numbers: Sequence[Floats]) -> Floats:
        """Record the update into gradients[1] and return gradients[1].

        Shapes: gradients (2, [K,] P), the gradient, which stays unchanged, and scratch; moments (moments, [K,] P);
        numbers, the coefficients of this step.
        """
