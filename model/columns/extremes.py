"""Finds values that Ebb does not compute with: numbers beyond ±1e300, and dates outside the years 1 to 9999."""

import numpy as np

from model.columns.cells import Cells, Days, Words
from model.columns.numbers import LARGEST
from model.errors import TableError


def first_extreme(cells: Cells) -> int | None:
    """Return the position of the first value that cannot be used, or `None`.

    Example:
        >>> first_extreme(Days(np.array([19727.0, 3e6])))
        1
    """
    if isinstance(cells, Words):
        return None
    found = np.flatnonzero(cells.outside if isinstance(cells, Days) else np.abs(cells.values) > LARGEST)
    return int(found[0]) if len(found) else None


def extreme_error(name: str, kind: type[Cells], row: int) -> TableError:
    """Return the error of a column with such a value in a row, counted from 1."""
    what = "holds a date outside the years 1 to 9999" if kind is Days else "is infinite or too large"
    return TableError(f"column {name!r} {what} in row {row}: correct it or leave the cell empty")
