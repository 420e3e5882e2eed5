"""The cells of a column in memory, before encoding: numbers, flags (true or false), dates (as days) or words.

A missing cell is NaN, or code −1.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import numpy as np

from model.columns.read_as import Reading
from model.design import Floats

Codes = np.ndarray[tuple[int], np.dtype[np.int32]]
Scalar = float | int | str | bool | None

EXACT = 2**53  # float64 represents every whole number up to here
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST_DAY = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH).days
END_DAY = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH).days + 1
EXACT_DAYS = 2**16  # nearer to 1970, each microsecond has its own float64 of days
COARSE_STEPS = (timedelta(seconds=1), timedelta(milliseconds=1))


@dataclass(frozen=True, eq=False)
class _Values:
    """Cells as float64; NaN is a missing cell. Cells read from texts by a `reading` keep these texts as `origin`."""

    values: Floats
    reading: Reading | None = None
    origin: "Words | None" = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> np.ndarray:
        return np.isnan(self.values)

    def is_missing(self, row: int) -> bool:
        return math.isnan(self.values.item(row))

    def scalar(self, row: int) -> Scalar:
        value = float(self.values[row])
        return None if math.isnan(value) else self._scalar(value)

    def scalars(self) -> list[Scalar]:
        """Return all values as JSON values."""
        return [self.scalar(row) for row in range(len(self))]

    def _scalar(self, value: float) -> Scalar:
        return int(value) if value.is_integer() and abs(value) < EXACT else value


@dataclass(frozen=True, eq=False)
class Numbers(_Values):
    """Cells that are numbers.

    Example:
        >>> Numbers(np.array([24.0, 79.99, np.nan])).scalar(1)
        79.99
    """

    @classmethod
    def of(cls, values: Sequence[float | None]) -> "Numbers":
        """Return numbers from a list; `None` is a missing cell."""
        return cls(np.array(values, np.float64))

    def take(self, rows: np.ndarray) -> "Numbers":
        return Numbers(self.values[rows], self.reading, None if self.origin is None else self.origin.take(rows))

    def scalars(self) -> list[Scalar]:
        """Return all values as JSON values: whole numbers without a point, missing cells as `None`."""
        boxed = self.values.astype(object)
        whole = (self.values == np.floor(self.values)) & (np.abs(self.values) < EXACT)
        boxed[whole] = self.values[whole].astype(np.int64)
        boxed[self.missing] = None
        return list(boxed.tolist())


@dataclass(frozen=True, eq=False)
class Flags(_Values):
    """Cells that are true (1.0) or false (0.0)."""

    def take(self, rows: np.ndarray) -> "Flags":
        return Flags(self.values[rows])

    def _scalar(self, value: float) -> Scalar:
        return bool(value)


@dataclass(frozen=True, eq=False)
class Days(_Values):
    """Cells that are dates, as days since 1970-01-01 in UTC.

    Parquet has dates outside the years 1 to 9999. They have no text in ISO 8601, and no column accepts them.
    """

    @property
    def outside(self) -> np.ndarray:
        """Which dates are outside the years 1 to 9999."""
        return (self.values < FIRST_DAY) | (self.values >= END_DAY)

    def take(self, rows: np.ndarray) -> "Days":
        return Days(self.values[rows], self.reading, None if self.origin is None else self.origin.take(rows))

    def _scalar(self, value: float) -> Scalar:
        return date_text(value)


@dataclass(frozen=True, eq=False)
class Words:
    """Cells that are text: a list of distinct words, and for each row its position in the list, −1 if missing."""

    codes: Codes
    words: tuple[str, ...]
    source: str = "categorical"
    """The kind of the values that the texts were written from."""
    MISSING: ClassVar[int] = -1

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def missing(self) -> np.ndarray:
        return self.codes < 0

    def take(self, rows: np.ndarray) -> "Words":
        return Words(self.codes[rows], self.words, self.source)

    def is_missing(self, row: int) -> bool:
        return bool(self.codes.item(row) < 0)

    def scalar(self, row: int) -> Scalar:
        code = int(self.codes[row])
        return None if code < 0 else self.words[code]

    def scalars(self) -> list[Scalar]:
        """Return all values as JSON values."""
        words = (*self.words, None)
        return [words[code] for code in self.codes.tolist()]

    def counts(self) -> np.ndarray:
        """Return the number of rows of each word."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.words))

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> "Words":
        """Return words from a list of texts; `None` and the empty text are missing cells.

        Example:
            >>> Words.of(["DSL", None, "Fibre", "DSL"]).codes.tolist()
            [0, -1, 1, 0]
        """
        seen: dict[str | None, int] = {}
        found = [-1 if not text else seen.setdefault(text, len(seen)) for text in texts]
        return cls(np.array(found, np.int32), tuple(str(word) for word in seen))


Cells = Numbers | Flags | Days | Words


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length, by name; `read_as` says how the file was read, if it was not UTF-8 with commas."""

    columns: Mapping[str, Cells]
    rows: int
    read_as: Mapping[str, str] = field(default_factory=dict)

    def take(self, rows: np.ndarray) -> "Table":
        return Table({name: cells.take(rows) for name, cells in self.columns.items()}, len(rows))

    def without(self, rows: Collection[int]) -> "Table":
        """Return the table without some of its rows."""
        keep = np.ones(self.rows, bool)
        keep[list(rows)] = False
        return self.take(np.flatnonzero(keep))

    def missing(self) -> dict[str, int]:
        """Return how many rows of each column have no value; columns without missing values are left out.

        Example:
            >>> Table({"months": Numbers.of([24, None]), "charge": Numbers.of([1, 2])}, 2).missing()
            {'months': 1}
        """
        if self.rows == 1:  # NumPy would take many times as long
            return {name: 1 for name, cells in self.columns.items() if cells.is_missing(0)}
        counts = {name: int(np.count_nonzero(cells.missing)) for name, cells in self.columns.items()}
        return {name: count for name, count in counts.items() if count}


def days_since_epoch(text: str) -> float | None:
    """Return the days since 1970-01-01 UTC of an ISO 8601 date or timestamp; `None` if the text is neither.

    It is also `None` if the moment in UTC, or its float, is outside the years 1 to 9999.

    Source: RFC 3339 (a timestamp without an offset counts as UTC).

    Example:
        >>> days_since_epoch("1970-01-02T12:00:00Z")
        1.5
    """
    if len(text) < 10 or text[4] != "-" or text[7] != "-" or (len(text) > 10 and text[10] not in "T "):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH
    days = since / DAY
    return days if since.days >= FIRST_DAY and days < END_DAY else None


def date_text(days: float) -> str:
    """Return the ISO 8601 text of a number of days since 1970-01-01; outside the years 1 to 9999, the number.

    From July 1790 to June 2149 the text is exact to the microsecond. Near the year 9999 a float stands for 40
    microseconds; the text is the one of them in whole seconds or milliseconds, if there is one.

    Example:
        >>> date_text(1.0), date_text(1.5), date_text(3e6)
        ('1970-01-02', '1970-01-02T12:00:00Z', '3000000 days after 1970-01-01')
    """
    if not FIRST_DAY <= days < END_DAY:
        return f"{abs(days):.15g} days {'after' if days > 0 else 'before'} 1970-01-01"
    since = timedelta(days=days)
    if days.is_integer():
        return (EPOCH + since).date().isoformat()
    if abs(days) >= EXACT_DAYS:
        rounded = (round(since / step) * step for step in COARSE_STEPS)
        since = next((coarse for coarse in rounded if coarse / DAY == days), since)
    return (EPOCH + since).replace(tzinfo=None).isoformat() + "Z"
