"""Number types with bounds: the annotations of configuration fields say what they accept."""

import math
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
        """Return the interval in words.

        Example:
            >>> str(Range(0, 1, high_open=True))
            'at least 0 and below 1'
        """
        low = "" if self.low == float("-inf") else f"{'above' if self.low_open else 'at least'} {plain(self.low)}"
        high = "" if self.high == float("inf") else f"{'below' if self.high_open else 'at most'} {plain(self.high)}"
        return " and ".join(part for part in (low, high) if part)


def plain(number: float) -> str:
    """Return a number as text: integers with all digits, unless there are too many.

    Example:
        >>> plain(65_536), plain(0.25), plain(10**400)
        ('65,536', '0.25', 'a number of 401 digits')
    """
    if not isinstance(number, int):
        return f"{number:g}"
    digits = math.ceil(number.bit_length() * math.log10(2))
    return f"{number:,}" if digits <= 40 else f"a number of {digits} digits"


Positive: TypeAlias = Annotated[float, Range(low=0, low_open=True)]
NonNegative: TypeAlias = Annotated[float, Range(low=0)]
BelowOne: TypeAlias = Annotated[float, Range(low=0, high=1, high_open=True)]
Proportion: TypeAlias = Annotated[float, Range(low=0, high=1)]
Count: TypeAlias = Annotated[int, Range(low=1, high=1_000_000)]
Networks: TypeAlias = Annotated[int, Range(low=1, high=1024)]
Background: TypeAlias = Annotated[int, Range(low=1, high=1000)]
Width: TypeAlias = Annotated[int, Range(low=1, high=65_536)]
Natural: TypeAlias = Annotated[int, Range(low=0, high=2**53)]  # all JSON readers represent these exactly
