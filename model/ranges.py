"""Numbers with bounds, written as types, so that a configuration's fields say what they accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias


@dataclass(frozen=True)
class Range:
    """An interval of numbers; an open end excludes its bound."""

    low: float = float("-inf")
    high: float = float("inf")
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether `value` lies inside."""
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)

    def __str__(self) -> str:
        """Say the interval in words.

        Example:
            >>> str(Range(0, 1, high_open=True))
            'at least 0 and below 1'
        """
        low = "" if self.low == float("-inf") else f"{'above' if self.low_open else 'at least'} {self.low:g}"
        high = "" if self.high == float("inf") else f"{'below' if self.high_open else 'at most'} {self.high:g}"
        return " and ".join(part for part in (low, high) if part)


Positive: TypeAlias = Annotated[float, Range(low=0, low_open=True)]
NonNegative: TypeAlias = Annotated[float, Range(low=0)]
BelowOne: TypeAlias = Annotated[float, Range(low=0, high=1, high_open=True)]
Proportion: TypeAlias = Annotated[float, Range(low=0, high=1)]
Count: TypeAlias = Annotated[int, Range(low=1)]
Width: TypeAlias = Annotated[int, Range(low=1, high=65_536)]
Natural: TypeAlias = Annotated[int, Range(low=0)]
