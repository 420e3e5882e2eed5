"""Infers the kind of text columns: true/false, dates, or categories."""

import numpy as np

from model.columns.boolean import parse_flag
from model.columns.cells import Cells, Days, Flags, Table, Words, days_since_epoch

MOST_FLAGS = 10  # spellings of true and false


def infer_kinds(table: Table) -> Table:
    """Return the table with text columns converted to flags or dates where every text is one."""
    return Table({name: infer_kind(cells) for name, cells in table.columns.items()}, table.rows)


def infer_kind(cells: Cells) -> Cells:
    """Return cells as flags if every text is true or false, as days if every text is an ISO 8601 date.

    Example:
        >>> infer_kind(Words.of(["true", "FALSE"])).values
        array([1., 0.])
    """
    if not isinstance(cells, Words) or not cells.words:
        return cells
    if len(cells.words) <= MOST_FLAGS and not any(np.isnan(parse_flag(word)) for word in cells.words):
        return Flags(np.array([*map(parse_flag, cells.words), np.nan])[cells.codes])
    days: list[float] = []
    for word in cells.words:
        day = days_since_epoch(word)
        if day is None:
            return cells
        days.append(day)
    return Days(np.array([*days, np.nan])[cells.codes])
