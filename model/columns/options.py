"""What a training spec may say about one column."""

import math
from dataclasses import dataclass

from model.ranges import Positive


@dataclass(frozen=True)
class ColumnOptions:
    """How to treat one column: leave it out, fix its scaling to (x − offset) / scale, or narrow the accepted range."""

    drop: bool = False
    scale: Positive | None = None
    offset: float = 0.0
    min: float | None = None
    max: float | None = None

    @property
    def low(self) -> float:
        """The least accepted value, −∞ if it is left open."""
        return -math.inf if self.min is None else self.min

    @property
    def high(self) -> float:
        """The greatest accepted value, ∞ if it is left open."""
        return math.inf if self.max is None else self.max


DEFAULT = ColumnOptions()
