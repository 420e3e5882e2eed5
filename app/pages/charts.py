"""Charts as SVG: the geometry of lines, dots and bars; `charts.html.jinja` writes it, with the numbers as a table.

Lines differ by dashes too, for readers who cannot tell their colours apart. Sizes suit a phone: a chart is 320 units
wide, its text 12 units high.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from app.pages.formats import share

Points = Sequence[tuple[float, float]]


class Tick(NamedTuple):
    """A mark of an axis: where it is in the picture, and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class ChartAxis:
    """The label of an axis, the values at its ends, the step of its marks, and whether they are shares."""

    label: str
    low: float = 0.0
    high: float = 1.0
    step: float = 0.25
    is_share: bool = True

    @classmethod
    def around(cls, label: str, values: Sequence[float]) -> "ChartAxis":
        """Return an axis from and to round numbers that has zero and all the values.

        Example:
            >>> ChartAxis.around("profit", [-3.1, 8.4])
            ChartAxis(label='profit', low=-4.0, high=10.0, step=2.0, is_share=False)
        """
        low, high = min(0.0, *values), max(0.0, *values)
        step = _step(high - low or 1.0)
        return cls(label, math.floor(low / step) * step, (math.ceil(high / step) or low == 0.0) * step, step, False)

    def place(self, value: float) -> float:
        """Return where a value is between the ends, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return the values of the marks, with their texts.

        Example:
            >>> ChartAxis("share").ticks()[1:3], ChartAxis.around("lift", [2.6]).ticks()[:3]
            ([(0.25, '25 %'), (0.5, '50 %')], [(0.0, '0'), (0.5, '0.5'), (1.0, '1')])
        """
        first, last = round(self.low / self.step), round(self.high / self.step)
        values = [i * self.step for i in range(first, last + 1)]
        return [(value, share(value, 0) if self.is_share else f"{value:.6g}") for value in values]


def _step(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten that divides the span into four to ten parts."""
    power = 10.0 ** math.floor(math.log10(span / 4))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= span / 4)


@dataclass(frozen=True)
class ChartLine:
    """A line or, with `dots`, separate points, in the colour of a series from 1 to 4; 0 is for guides.

    `bounds` has the interval of each dot.
    """

    name: str
    points: Points
    series: int = 1
    dots: bool = False
    bounds: Points = ()


@dataclass(frozen=True)
class Chart:
    """A chart: its title and description, which screen readers say, its axes, and its lines or bars.

    `bars` are as high as their values, and stand side by side. `heads` and `rows` are the table of the numbers.
    """

    WIDTH: ClassVar[int] = 320
    LEFT: ClassVar[int] = 44
    RIGHT: ClassVar[int] = 300
    TOP: ClassVar[int] = 26
    BOTTOM: ClassVar[int] = 206

    name: str
    title: str
    description: str
    across: ChartAxis
    up: ChartAxis
    lines: Sequence[ChartLine] = ()
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    bars: Sequence[float] = ()

    @property
    def height(self) -> int:
        """The height of the picture with its legend."""
        return self.BOTTOM + 40 + 18 * len(self.lines)

    def x(self, value: float) -> float:
        """Return where a value of the lower axis is in the picture."""
        return round(self.LEFT + (self.RIGHT - self.LEFT) * self.across.place(value), 1)

    def y(self, value: float) -> float:
        """Return where a value of the left axis is in the picture."""
        return round(self.BOTTOM - (self.BOTTOM - self.TOP) * self.up.place(value), 1)

    def corners(self, line: ChartLine) -> str:
        """Return the points of a line as SVG has them."""
        return " ".join(f"{self.x(x)},{self.y(y)}" for x, y in line.points)

    def x_ticks(self) -> list[Tick]:
        """Return the marks of the lower axis."""
        return [Tick(self.x(value), text) for value, text in self.across.ticks()]

    def y_ticks(self) -> list[Tick]:
        """Return the marks of the left axis."""
        return [Tick(self.y(value), text) for value, text in self.up.ticks()]

    def columns(self) -> list[tuple[float, float, float, float]]:
        """Return x, y, width and height of each bar."""
        zero, each = self.y(0.0), (self.RIGHT - self.LEFT) / max(1, len(self.bars))
        return [
            (
                round(self.LEFT + each * (i + 0.15), 1),
                min(zero, self.y(value)),
                round(each * 0.7, 1),
                round(abs(zero - self.y(value)), 1),
            )
            for i, value in enumerate(self.bars)
        ]
