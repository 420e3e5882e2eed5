"""How the texts of a column are read as numbers or dates, found in the texts themselves."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.columns.cells import Days, Numbers, Words, days_since_epoch
from model.columns.marked_numbers import is_currency, parse_marked, split_number
from model.columns.missing import is_mark, is_missing
from model.columns.numbers import parse_number
from model.columns.read_as import DECIMAL_MARKS, PLAIN, Reading
from model.columns.written_dates import ORDERS, parse_date

ENOUGH_OF_A_UNIT = 10  # fewer texts such as "12 months" are names of categories


def value_of(reading: Reading, text: str) -> float:
    """Return the number of a text, or its days since 1970; NaN for a missing value and for another text.

    Example:
        >>> value_of(Reading("decimal_comma", "€"), "1.234,50 €")
        1234.5
    """
    if reading.read_as == "plain":
        return parse_number(text)
    if reading.kind == "numeric":
        return parse_marked(text, DECIMAL_MARKS[reading.read_as], reading.mark)
    days = parse_date(text, reading.read_as)
    return math.nan if days is None else days


def read_words(cells: Words, reading: Reading) -> Numbers | Days:
    """Return the values of texts; NaN where a text has none."""
    values = np.array([*(value_of(reading, word) for word in cells.words), math.nan])[cells.codes]
    return Numbers(values, reading, cells) if reading.kind == "numeric" else Days(values, reading, cells)


def common_mark(words: Iterable[str]) -> str:
    """Return the most frequent mark of the numbers in distinct texts.

    Example:
        >>> common_mark(["1.234 €", "12 €", "-"])
        '€'
    """
    found = Counter(split[0] for word in words if not is_missing(word) and (split := split_number(word)) is not None)
    return found.most_common(1)[0][0] if found else ""


@dataclass(frozen=True)
class FoundReading:
    """A reading that suits all texts of a column, a text that shows it, and the marks of missing values."""

    reading: Reading
    example: str
    marks: tuple[str, ...]

    def facts(self) -> dict[str, str]:
        """Return the reading in the form of the API; plain numbers have none."""
        if self.reading.read_as == "plain":
            return {}
        return {"read_as": self.reading.read_as} | ({"mark": self.reading.mark} if self.reading.mark else {})


class ReadingFinder:
    """Finds the reading that suits every text of a column. Texts are added one by one, each once."""

    def __init__(self) -> None:
        self.example: str | None = None
        """A text that shows the reading."""
        self.marks: dict[str, None] = {}
        """The texts that stand for a missing value only in a column of numbers, flags or dates."""
        self._mark: str | None = None
        self._decimals, self._orders = [".", ","], list(ORDERS)
        self._plain = self._iso = True
        self._texts = 0
        self._unclear: dict[str, str] = {}
        self._telling = False

    @property
    def ended(self) -> bool:
        """Whether no reading suits all texts."""
        return not self._decimals and not self._orders

    def add(self, text: str) -> None:
        """Keep the readings that suit this text too."""
        if self.ended:
            return
        if is_missing(text):
            if not is_mark(text):
                self.marks[text.strip()] = None
            return
        self._texts += 1
        if self._decimals:
            self._add_number(text)
        if self._orders:
            self._add_date(text)

    def _add_number(self, text: str) -> None:
        plain = not math.isnan(parse_number(text))
        found = split_number(text) or (("", text) if plain else None)  # a number with an exponent has no other mark
        if found is None or (self._mark is not None and found[0] != self._mark):
            self._decimals = []
            return
        self._mark, self._plain = found[0], self._plain and plain
        values = {decimal: parse_marked(text, decimal, self._mark) for decimal in self._decimals}
        self._decimals = [decimal for decimal, value in values.items() if not math.isnan(value)]
        if len(self._decimals) > 1 and values["."] != values[","]:
            self._unclear.setdefault("number", text.strip())
        self._show(text, any(separator in found[1] for separator in ",.' "))

    def _add_date(self, text: str) -> None:
        self._iso = self._iso and days_since_epoch(text.strip()) is not None
        days = {order: parse_date(text, order) for order in self._orders}
        self._orders = [order for order, day in days.items() if day is not None]
        if len(self._orders) > 1 and days["day_first"] != days["month_first"]:
            self._unclear.setdefault("date", text.strip())
        if self._orders:
            self._show(text, not self._decimals)

    def _show(self, text: str, telling: bool) -> None:
        if self.example is None or (telling and not self._telling):
            self.example, self._telling = text.strip(), telling

    @property
    def reading(self) -> Reading | Literal["iso"] | None:
        """The reading of all texts, or "iso" if all are ISO 8601; None if no reading suits, or all are missing."""
        if not self._texts:
            return None
        if self._decimals:
            return self._of_numbers()
        if not self._orders:
            return None
        unclear = self._unclear.get("date") if len(self._orders) > 1 and self._orders[0] != "date" else None
        return "iso" if self._iso else Reading(self._orders[0], unclear=unclear)

    @property
    def found(self) -> FoundReading | None:
        """The reading with an example; None if there is no reading, or all texts are ISO 8601."""
        reading = self.reading
        return FoundReading(reading, self.example or "", tuple(self.marks)) if isinstance(reading, Reading) else None

    def _of_numbers(self) -> Reading | None:
        mark = self._mark or ""
        if mark[:1].isalpha() and not is_currency(mark) and self._texts < ENOUGH_OF_A_UNIT:
            return None
        if self._plain:
            return PLAIN
        unclear = self._unclear.get("number") if len(self._decimals) > 1 else None
        comma = self._decimals == [","] or (unclear is not None and "." in unclear and is_currency(mark))
        return Reading("decimal_comma" if comma else "decimal_point", mark, unclear)


def find_reading(words: Iterable[str]) -> ReadingFinder:
    """Return what was found in the distinct texts of a column.

    Example:
        >>> find_reading(["$1,234", "$80", "-"]).reading
        Reading(read_as='decimal_point', mark='$', unclear='$1,234')
        >>> find_reading(["03/15/2023", "04/05/2023"]).reading
        Reading(read_as='month_first', mark='', unclear=None)
    """
    finder = ReadingFinder()
    for word in words:
        finder.add(word)
        if finder.ended:
            break
    return finder
