"""Columns of true and false, encoded as 1 and 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.columns.cells import Cells, Flags, Scalar, Words
from model.columns.enough_rows import learns_gaps
from model.columns.missing import missing_words
from model.columns.numbers import read_values
from model.columns.options import DEFAULT, ColumnOptions
from model.columns.row_problems import RowProblems, short_repr

SPELLINGS = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class BooleanColumn:
    """Encodes true as 1 and false as 0. A missing value is encoded as the more frequent one.

    If enough training rows had missing values, a second feature is 1 for a missing value.
    """

    name: str
    fill: bool
    gaps: bool
    kind: ClassVar[str] = "boolean"

    @classmethod
    def fit(cls, name: str, cells: Flags, options: ColumnOptions = DEFAULT) -> "BooleanColumn":
        """Fit the more frequent value to the training rows."""
        known = cells.values[~cells.missing]
        return cls(name, fill=bool(known.mean() > 0.5), gaps=learns_gaps(len(cells) - len(known), len(cells)))

    @property
    def features(self) -> tuple[str, ...]:
        return (self.name, f"{self.name} is missing") if self.gaps else (self.name,)

    def read(self, cells: Cells | Sequence[object] | np.ndarray, problems: RowProblems) -> Flags:
        """Read flags from a list of booleans or from cells of a file; add all other values to `problems`."""
        if isinstance(cells, Flags):
            return cells
        if isinstance(cells, Words):
            values = np.array([parse_flag(word) for word in cells.words] + [np.nan])[cells.codes]
            refused = np.isnan(values) & ~missing_words(cells)
        elif isinstance(cells, Sequence | np.ndarray):
            return Flags(read_values(cells, self.name, "true or false", problems))
        else:
            values = np.full(len(cells), np.nan)
            refused = ~cells.missing
        for row in np.flatnonzero(refused).tolist():
            detail = f"expected true or false, not {short_repr(cells.scalar(row))}"
            problems.add(row, self.name, "wrong_type", detail)
        return Flags(values)

    def encode(self, cells: Flags, out: np.ndarray) -> None:
        """Write the features of `cells` into `out`, shape (n, features)."""
        missing = cells.missing
        out[:, 0] = np.where(missing, float(self.fill), cells.values)
        if self.gaps:
            out[:, 1] = missing

    @property
    def baseline_value(self) -> Scalar:
        """The value of the baseline customer: the more frequent one."""
        return self.fill


def parse_flag(word: str) -> float:
    """Return 1.0 for "true" and 0.0 for "false", in upper or lower case; else NaN.

    Example:
        >>> parse_flag("True"), parse_flag("yes")
        (1.0, nan)
    """
    return SPELLINGS.get(word.strip().lower(), np.nan)
