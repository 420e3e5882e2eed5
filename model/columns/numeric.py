"""Numeric columns: centred on the median, scaled by the interquartile range, outliers clipped smoothly.

A spec may ask for a second feature: the normal score of the number's rank in training.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import ClassVar

import numpy as np

from model.columns.cells import Cells, Numbers, Scalar, Words
from model.columns.enough_rows import learns_gaps
from model.columns.missing import missing_words
from model.columns.numbers import LARGEST, numbers_of, read_values
from model.columns.options import DEFAULT, ColumnOptions
from model.columns.read_as import Reading
from model.columns.readings import value_of
from model.columns.row_problems import RowProblems, short_repr
from model.design import Floats

NORMAL_QUARTILES = 1.3489795003921634  # the interquartile range of a standard normal variable
SOFT_LIMIT = 3.0  # the bound of the smooth clip
FARTHEST = 1e100  # the largest scaled value: its square does not overflow float64
MOST_KNOTS = 257  # of the map from numbers to normal scores
REACH = 10.0  # an accepted value is at most this many training ranges outside the training range


@dataclass(frozen=True)
class NumericColumn:
    """Encodes a number as u = (x − offset) / scale, then u / √(1 + (u/3)²) unless the spec sets the scale.

    With knots, a second feature is the normal score: the quantile of the standard normal distribution at the rank of x
    among the training rows, interpolated between the knots. A missing value is encoded as the training median. If
    enough training rows had missing values, a last feature is 1 for a missing value. Records may hold numbers as texts
    if `texts` says so. Texts are read as `read_as` and `mark` say.
    """

    name: str
    offset: float
    scale: float
    fixed: bool
    fill: float
    gaps: bool
    low: float
    high: float
    knots: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()
    texts: bool = False
    read_as: str = "plain"
    mark: str = ""
    kind: ClassVar[str] = "numeric"

    @classmethod
    def fit(cls, name: str, cells: Numbers, options: ColumnOptions = DEFAULT, scored: bool = False) -> "NumericColumn":
        """Fit offset, scale and range to the training rows, unless the options set them; fit knots if `scored`."""
        known = cells.values[~cells.missing]
        median = float(np.median(known))
        least, most = float(known.min()), float(known.max())
        knots, scores = normal_scores(known) if scored else ((), ())
        reach = REACH * (most - least or max(abs(most), 1.0))
        return cls(
            name=name,
            offset=median if options.scale is None else options.offset,
            scale=robust_scale(known) if options.scale is None else options.scale,
            fixed=options.scale is not None,
            fill=median,
            gaps=learns_gaps(len(cells) - len(known), len(cells)),
            low=max(least - reach, -LARGEST) if options.min is None else options.min,
            high=min(most + reach, LARGEST) if options.max is None else options.max,
            knots=knots,
            scores=scores,
            texts=options.kind == "numeric" or cells.reading is not None,
            read_as="plain" if cells.reading is None else cells.reading.read_as,
            mark="" if cells.reading is None else cells.reading.mark,
        )

    @property
    def features(self) -> tuple[str, ...]:
        scored = (f"{self.name} as a normal score",) if self.knots else ()
        return (self.name, *scored, *((f"{self.name} is missing",) if self.gaps else ()))

    def read(self, cells: Cells | Sequence[object] | np.ndarray, problems: RowProblems) -> Numbers:
        """Read numbers from a list, an array or cells of a file; add values that are not accepted to `problems`."""
        if isinstance(cells, Words):
            values = np.array([value_of(self.reading, word) for word in cells.words] + [np.nan])[cells.codes]
            for row in np.flatnonzero(np.isnan(values) & ~missing_words(cells)).tolist():
                problems.add(row, self.name, "wrong_type", f"{short_repr(cells.scalar(row))} is not a number")
        elif isinstance(cells, Numbers):
            values = cells.values
        elif isinstance(cells, Sequence | np.ndarray):
            values = read_values(self._of_texts(cells) if self.texts else cells, self.name, "a number", problems)
        else:
            values = np.full(len(cells), np.nan)
            for row in np.flatnonzero(~cells.missing).tolist():
                problems.add(row, self.name, "wrong_type", f"{short_repr(cells.scalar(row))} is not a number")
        return Numbers(self._in_range(values, problems))

    @property
    def marked(self) -> bool:
        """Whether the numbers are written with marks."""
        return self.read_as != "plain"

    @property
    def reading(self) -> Reading:
        """How texts are read as numbers."""
        return Reading(self.read_as, self.mark)  # type: ignore[arg-type]  # written by `fit`

    def _of_texts(self, values: Sequence[object] | np.ndarray) -> Sequence[object] | np.ndarray:
        return numbers_of(values, partial(value_of, self.reading))

    def plain_number(self, value: object) -> float | None:
        """Return an acceptable number as float64, and a missing value as NaN; None where `read` has to look closer."""
        if value is None:
            return math.nan
        if type(value) is not float and type(value) is not int:
            return None
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if self.low <= number <= self.high else None

    def _in_range(self, values: Floats, problems: RowProblems) -> Floats:
        bad = (values < self.low) | (values > self.high)
        if bad.any():
            values = values.copy()
            for row in np.flatnonzero(bad).tolist():
                value = float(values[row])
                if np.isinf(value):
                    problems.add(row, self.name, "not_finite", "the number is infinite")
                else:
                    limits = f"between {self.low:.6g} and {self.high:.6g}"
                    problems.add(row, self.name, "out_of_range", f"{value:.6g} is not {limits}")
            values[bad] = np.nan
        return values

    def encode(self, cells: Numbers, out: np.ndarray) -> None:
        """Write the features of `cells` into `out`, shape (n, features)."""
        scaled = scaled_numbers(cells.values, self.fill, self.offset, self.scale)
        out[:, 0] = scaled if self.fixed else soft_clipped(scaled)
        if self.knots:
            out[:, 1] = self.normal_score(cells.values)
        if self.gaps:
            out[:, -1] = cells.missing

    def normal_score(self, values: Floats) -> Floats:
        """Return the normal scores of numbers; of the median for a missing one."""
        return np.interp(np.where(np.isnan(values), self.fill, values), self.knots, self.scores)

    def encode_number(self, number: float) -> float:
        """Return the first feature that `encode` writes for one number, to the same bits."""
        scaled = ((self.fill if math.isnan(number) else number) - self.offset) / self.scale
        scaled = min(max(scaled, -FARTHEST), FARTHEST)
        if self.fixed:
            return scaled
        bent = scaled / SOFT_LIMIT
        return scaled / math.sqrt(1.0 + bent * bent)

    @property
    def baseline_value(self) -> Scalar:
        """The value of the baseline customer: the training median."""
        return Numbers(np.array([self.fill])).scalar(0)


def scaled_numbers(values: Floats, fill: float | Floats, offset: float | Floats, scale: float | Floats) -> Floats:
    """Return (x − offset) / scale, with `fill` for a missing x."""
    with np.errstate(over="ignore"):
        scaled = (np.where(np.isnan(values), fill, values) - offset) / scale
    return np.minimum(np.maximum(scaled, -FARTHEST), FARTHEST)  # np.clip takes three times as long for a row


def soft_clipped(u: Floats) -> Floats:
    """Return u / √(1 + (u/3)²)."""
    bent = u / SOFT_LIMIT
    return np.asarray(u / np.sqrt(1.0 + bent * bent))


def normal_scores(known: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return knots and their normal scores: Φ⁻¹ of the middle of the ranks that are equal to the knot.

    Example:
        >>> knots, scores = normal_scores(np.array([1.0, 2.0, 2.0, 9.0]))
        >>> knots, [round(score, 2) for score in scores]
        ((1.0, 2.0, 9.0), [-1.15, 0.0, 1.15])
    """
    values, counts = np.unique(known, return_counts=True)
    ranks = (np.cumsum(counts) - counts / 2) / len(known)
    if len(values) > MOST_KNOTS:
        chosen = np.unique(np.searchsorted(ranks, np.linspace(ranks[0], ranks[-1], MOST_KNOTS)))
        values, ranks = values[chosen], ranks[chosen]
    return tuple(values.tolist()), tuple(map(NormalDist().inv_cdf, ranks.tolist()))


def robust_scale(known: Floats) -> float:
    """Return a robust deviation: the interquartile range / 1.349. If it is 0, use the values off the median.

    Example:
        >>> values = np.arange(101.0); values[-1] = 1e12
        >>> round(robust_scale(values), 2)
        37.07
    """
    quartiles = np.quantile(known, (0.25, 0.75))
    width = float(quartiles[1] - quartiles[0]) / NORMAL_QUARTILES
    if width > 0.0:
        return width
    # Half of the values or more are equal: use the median distance of the others.
    away = np.abs(known - np.median(known))
    away = away[away > 0.0]
    return float(np.median(away)) if len(away) else 1.0
