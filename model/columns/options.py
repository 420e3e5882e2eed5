"""The options of one column in a training spec."""

import math
from dataclasses import dataclass
from typing import Literal

from model.ranges import Positive


@dataclass(frozen=True)
class ColumnOptions:
    """Drops a column, declares its kind, sets its scaling (x − offset) / scale, or narrows its accepted range."""

    drop: bool = False
    scale: Positive | None = None
    offset: float = 0.0
    min: float | None = None
    max: float | None = None
    kind: Literal["numeric", "boolean", "categorical", "date"] | None = None

    @property
    def low(self) -> float:
        """The least accepted value; −∞ by default."""
        return -math.inf if self.min is None else self.min

    @property
    def high(self) -> float:
        """The largest accepted value; ∞ by default."""
        return math.inf if self.max is None else self.max


DEFAULT = ColumnOptions()
