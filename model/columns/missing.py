"""Texts that stand for a missing value."""

import numpy as np

from model.columns.cells import Words

MISSING_TEXTS = (
    "",
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "null",
    "NULL",
    "None",
)
"""Marks of a missing number that the readers of files replace quickly."""

MARKS = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "(null)", "\\n"})
"""Marks in any column, in lower case."""

MARKS_OF_VALUES = MARKS | {"none", "nil", "n.a.", "-", "--", "---", "–", "—", "?", ".", "unknown", "missing", "#null!"}
"""Marks in a column of numbers, flags or dates. In a column of texts the further ones may be categories."""


def is_mark(text: str) -> bool:
    """Tell whether a text stands for a missing value in any column.

    Example:
        >>> is_mark("NULL "), is_mark("none")
        (True, False)
    """
    return text.strip().lower() in MARKS


def is_missing(text: str) -> bool:
    """Tell whether a text stands for a missing number, flag or date. The date 0000-00-00 does.

    Example:
        >>> is_missing("none"), is_missing("0000-00-00 00:00:00"), is_missing("0")
        (True, True, False)
    """
    text = text.strip().lower()
    return text in MARKS_OF_VALUES or text[:10] in {"0000-00-00", "00/00/0000", "00.00.0000", "00-00-0000"}


def missing_words(cells: Words) -> np.ndarray:
    """Return which cells of a column of numbers, flags or dates are missing."""
    return np.array([*map(is_missing, cells.words), True])[cells.codes]
