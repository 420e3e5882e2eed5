"""The base class of initializers: they set the range of the uniform distribution of the first weights."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Initializer(ABC):
    """Draws weights uniformly between −bound and bound: their variance is bound² / 3. Biases start at 0."""

    @abstractmethod
    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return the largest absolute value of an initial weight."""
