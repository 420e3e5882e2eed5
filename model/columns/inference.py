"""Infers the kind of text columns: true/false, numbers with marks, dates, or categories."""

import numpy as np

from model.columns.boolean import parse_flag
from model.columns.category_text import tidied
from model.columns.cells import Cells, Days, Flags, Words, days_since_epoch
from model.columns.missing import is_missing
from model.columns.readings import find_reading, read_words

MOST_FLAGS = 10  # spellings of true and false


def infer_kind(cells: Cells) -> Cells:
    """Return cells as flags, numbers or dates if every text is one; blanks around a text and missing values are none.

    Example:
        >>> infer_kind(Words.of(["true", "FALSE", "NULL"])).values
        array([ 1.,  0., nan])
        >>> infer_kind(Words.of(["1,5 %", "2,0 %", "-"])).values
        array([1.5, 2. , nan])
    """
    if not isinstance(cells, Words) or not cells.words:
        return cells
    if are_flags(cells.words):
        return Flags(np.array([*map(parse_flag, cells.words), np.nan])[cells.codes])
    reading = find_reading(cells.words).reading
    if reading is None:
        return tidied(cells)
    if reading == "iso":
        days = (days_since_epoch(word.strip()) for word in cells.words)
        return Days(np.array([*days, None], np.float64)[cells.codes])
    return read_words(cells, reading)


def are_flags(words: tuple[str, ...]) -> bool:
    """Tell whether the texts are spellings of true and false, beside missing values."""
    if len(words) > MOST_FLAGS:
        return False
    known = [word for word in words if not is_missing(word)]
    return bool(known) and not np.isnan([parse_flag(word) for word in known]).any()
