"""Finds one customer in a file, with the outcome, as cells that an estimator can score."""

from dataclasses import dataclass

import numpy as np

from model.columns import Table
from model.errors import ColumnError, TableError
from model.estimator import Estimator
from model.evaluation.labelled_rows import outcomes
from model.names import clipped
from model.tables.opening import How, Source
from model.tables.reader import CHUNK_ROWS, read_cells

MOST_ROWS = 100_000


@dataclass(frozen=True, eq=False)
class FoundCustomer:
    """A customer of a file: the number of the row, from 1, the id, and a table of this one row.

    `churned` is None where the file does not tell the outcome.
    """

    row: int
    customer_id: str
    cells: Table
    churned: bool | None


def find_customer(estimator: Estimator, source: Source, how: How, wanted: str = "") -> FoundCustomer:
    """Return the customer of this id, by default the first one; without an id column, `wanted` is the row's number.

    Raises: TableError when the file cannot be read, or has no such customer in its first 100,000 rows; ColumnError when
    a value of the row cannot be used.
    """
    texts = {*estimator.encoder.texts, estimator.target}
    first, ids = 1, estimator.id_column
    for table in read_cells(source, how, texts, CHUNK_ROWS, id_column=ids):
        named = None if ids is None else table.columns.get(ids)
        names = [str(first + i) for i in range(table.rows)] if named is None else named.scalars()
        place = 0 if not wanted else names.index(wanted) if wanted in names else None
        if place is not None:
            return _found(estimator, table.take(np.array([place])), first + place, str(names[place]))
        first += table.rows
        if first > MOST_ROWS:
            break
    what = f"no row {wanted}" if ids is None else f"no customer {clipped(wanted)!r} in its column {ids!r}"
    raise TableError(f"the table has {what}, among its first {min(first - 1, MOST_ROWS):,} rows")


def _found(estimator: Estimator, row: Table, number: int, customer_id: str) -> FoundCustomer:
    cells, problems = estimator.read(row.columns, 1)
    if found := problems.rows.get(0):
        raise ColumnError(f"row {number}: {'; '.join(problem.detail for problem in found)}")
    target = row.columns.get(estimator.target)
    outcome = np.nan if target is None else outcomes(target, estimator.target, number)[0]
    return FoundCustomer(number, customer_id, cells, None if np.isnan(outcome) else bool(outcome))
