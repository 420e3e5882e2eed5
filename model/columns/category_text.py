"""The texts of categories: equal values have equal texts, however a file or record writes them."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from model.columns.boolean import parse_flag
from model.columns.cells import Cells, Days, Flags, Numbers, Words, date_text, days_since_epoch
from model.columns.missing import is_mark, is_missing
from model.columns.numbers import parse_number

KINDS_OF_CELLS: dict[type[Cells], str] = {Numbers: "numeric", Flags: "boolean", Days: "date"}


ACCEPTED = {
    "numeric": "a number or text",
    "boolean": "true, false or text",
    "date": "a date as text",
    "categorical": "text or a number",
}


def words_of(cells: Cells) -> Words:
    """Return cells as texts: 4 and 4.0 as "4", true as "true", a date in ISO 8601.

    Example:
        >>> words_of(Numbers.of([4, 2.5, None, 4.0])).scalars()
        ['4', '2.5', None, '4']
    """
    if isinstance(cells, Words):
        return cells
    known = ~cells.missing
    distinct, codes = np.unique(cells.values[known], return_inverse=True)
    every = np.full(len(cells), Words.MISSING, np.int32)
    every[known] = codes
    texts = tuple(str(_text(value)) for value in type(cells)(distinct).scalars())
    return Words(every, texts, KINDS_OF_CELLS[type(cells)])


def rewritten(cells: Words, source: str) -> Words:
    """Return texts as `words_of` writes the values of the source that they stand for; others as they are.

    Example:
        >>> rewritten(Words.of(["4.0", "04", "NA", "other"]), "numeric").scalars()
        ['4', '4', None, 'other']
    """
    merged = Words.of([REWRITE[source](word) for word in cells.words])
    return Words(np.append(merged.codes, np.int32(Words.MISSING))[cells.codes], merged.words, source)


def tidied(cells: Words, known: frozenset[str] = frozenset()) -> Words:
    """Return texts without blanks around them; texts such as NULL become missing values. `known` texts stay.

    Example:
        >>> tidied(Words.of(["DSL", "DSL ", "NULL"])).scalars()
        ['DSL', 'DSL', None]
    """
    if all(word == word.strip() and not is_mark(word) for word in cells.words):
        return cells
    merged = Words.of([word if word in known else None if is_mark(word) else word.strip() for word in cells.words])
    return Words(np.append(merged.codes, np.int32(Words.MISSING))[cells.codes], merged.words, cells.source)


def texts(values: Sequence[object], source: str) -> list[str | None]:
    """Return the texts of the values of a record or list; None for a missing one, and for one of another type."""
    accepted = (str, bool) if source == "boolean" else (str,) if source == "date" else (str, int, float)
    return [_text(value) if type(value) in accepted else None for value in values]


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number_text(value) if isinstance(value, int | float) else str(value)


def _number_text(value: float) -> str | None:
    """Return the text of a number; None for one that is not finite, or beyond float64."""
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if not math.isfinite(number) else str(Numbers.of([number]).scalar(0))


def _number(word: str) -> str | None:
    if is_missing(word):
        return None
    return word if math.isnan(number := parse_number(word)) else _number_text(number)


def _flag(word: str) -> str:
    return word if math.isnan(flag := parse_flag(word)) else str(_text(bool(flag)))


def _date(word: str) -> str:
    return word if (days := days_since_epoch(word)) is None else date_text(days)


REWRITE: dict[str, Callable[[str], str | None]] = {
    "numeric": _number,
    "boolean": _flag,
    "date": _date,
    "categorical": str,
}
