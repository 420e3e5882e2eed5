"""Counting what training decided for customers: values that were missing."""

from collections.abc import Collection

import numpy as np

from model.columns.cells import Table


def missing(table: Table) -> dict[str, int]:
    """Return how many rows of each column hold no value; columns without gaps are not named.

    Example:
        >>> from model.columns.cells import Numbers
        >>> missing(Table({"months": Numbers.of([24, None]), "charge": Numbers.of([1, 2])}, 2))
        {'months': 1}
    """
    counts = {name: int(np.count_nonzero(cells.missing)) for name, cells in table.columns.items()}
    return {name: count for name, count in counts.items() if count}


def without(table: Table, rows: Collection[int]) -> Table:
    """Return the table without some of its rows."""
    keep = np.ones(table.rows, bool)
    keep[list(rows)] = False
    return table.take(np.flatnonzero(keep))
