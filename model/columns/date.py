"""Date columns: days since 1970, encoded as a numeric column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.columns.cells import Cells, Days, Numbers, Scalar, Words, date_text
from model.columns.missing import missing_words
from model.columns.numeric import NumericColumn
from model.columns.options import DEFAULT, ColumnOptions
from model.columns.row_problems import RowProblems, short_repr
from model.columns.written_dates import parse_date


@dataclass(frozen=True)
class DateColumn:
    """Encodes a date or timestamp as days since 1970-01-01 UTC, by a numeric column. Texts are read by `read_as`."""

    name: str
    days: NumericColumn
    read_as: str = "date"
    kind: ClassVar[str] = "date"

    @classmethod
    def fit(cls, name: str, cells: Days, options: ColumnOptions = DEFAULT, scored: bool = False) -> "DateColumn":
        """Fit the scaling of the days to the training rows."""
        read_as = "date" if cells.reading is None else cells.reading.read_as
        return cls(name, NumericColumn.fit(name, Numbers(cells.values), options, scored), read_as)

    @property
    def gaps(self) -> bool:
        """Whether a feature tells missing values."""
        return self.days.gaps

    @property
    def features(self) -> tuple[str, ...]:
        return self.days.features

    def read(self, cells: Cells | Sequence[object] | np.ndarray, problems: RowProblems) -> Days:
        """Read days from texts or from cells of a file; add all other values to `problems`."""
        if isinstance(cells, Days):
            outside = cells.outside
            for row in np.flatnonzero(outside).tolist():
                self._refuse(row, cells.scalar(row), problems)
            return Days(np.where(outside, np.nan, cells.values))
        if isinstance(cells, Words):
            return self._from_words(cells, problems)
        if isinstance(cells, Sequence | np.ndarray):
            texts = [value if isinstance(value, str) else None for value in cells]
            for row, value in enumerate(cells):
                if value is not None and not isinstance(value, str):
                    self._refuse(row, value, problems)
            return self._from_words(Words.of(texts), problems)
        for row in np.flatnonzero(~cells.missing).tolist():
            self._refuse(row, cells.scalar(row), problems)
        return Days(np.full(len(cells), np.nan))

    def _from_words(self, cells: Words, problems: RowProblems) -> Days:
        parsed = [parse_date(word, self.read_as) for word in cells.words]
        values = np.array([*parsed, None], np.float64)[cells.codes]
        for row in np.flatnonzero(np.isnan(values) & ~missing_words(cells)).tolist():
            self._refuse(row, cells.scalar(row), problems)
        return Days(values)

    def _refuse(self, row: int, value: object, problems: RowProblems) -> None:
        example = date_text(float(np.floor(self.days.fill)))
        detail = f"expected a date such as {example}, not {short_repr(value)}"
        problems.add(row, self.name, "wrong_type", detail)

    def encode(self, cells: Days, out: np.ndarray) -> None:
        """Write the features of `cells` into `out`, shape (n, features)."""
        self.days.encode(Numbers(cells.values), out)

    @property
    def baseline_value(self) -> Scalar:
        """The value of the baseline customer: the median date."""
        return date_text(self.days.fill)
