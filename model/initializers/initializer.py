"""What every initializer is: a variance for each weight, drawn from a uniform distribution."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Initializer(ABC):
    """Weights are uniform between −bound and bound, so that their variance is bound² / 3. Biases start at 0."""

    @abstractmethod
    def bound(self, fan_in: int, fan_out: int) -> float:
        """Return the largest size a weight may start with."""
