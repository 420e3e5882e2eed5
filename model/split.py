"""Which rows train and which validate: at random within each outcome, the latest, or whole groups."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.columns import Table
from model.columns.cells import Cells, Days, Numbers, Words
from model.design import Floats
from model.errors import TableError
from model.random import shuffle, stream
from model.spec import Spec

SPLITTING = 1001  # the purpose of the random stream that draws validation rows
Rows = NDArray[np.int64]


def split(table: Table, y: Floats, spec: Spec, strata: tuple[Floats, Sequence[str]]) -> tuple[Rows, Rows]:
    """Return training and validation rows as the spec's `validation` asks.

    Raises: TableError for too few rows of one kind, or no such column to split by.
    """
    held = spec.validation
    if held.time is not None:
        valid = latest_rows(_column(table, held.time, "time"), held.time, held.fraction)
    elif held.group is not None:
        valid = group_rows(_column(table, held.group, "group"), held.fraction, spec.seed)
    else:
        valid = stratified_rows(*strata, held.fraction, spec.seed)
    train = np.setdiff1d(np.arange(len(y)), valid)
    if len(train) == 0 or y[train].min() == y[train].max():
        raise TableError("the rows left for training have one outcome only: hold out less, or gather more rows")
    return train, valid


def stratified_rows(y: Floats, names: Sequence[str], fraction: float, seed: int) -> Rows:
    """Return validation rows with the table's share of each kind of row, drawn from the seed.

    Shapes: y (n,), numbers of kinds, whose names are for messages.
    Raises: TableError for too few rows of one kind to have some on both sides.

    Example:
        >>> stratified_rows(np.array([0.0, 1.0] * 5), ("stayed", "churned"), 0.2, seed=0).tolist()
        [7, 8]
    """
    order = shuffle(stream(seed, SPLITTING), len(y))
    held: list[Rows] = []
    for kind, name in enumerate(names):
        rows = order[y[order] == kind]
        count = 0 if fraction == 0.0 else max(1, round(fraction * len(rows)))
        if len(rows) <= count:
            raise TableError(
                f"only {len(rows)} of {len(y):,} rows are {name}, too few to train on some and validate on others: "
                "gather more of them, or leave them out"
            )
        held.append(rows[:count])
    return np.sort(np.concatenate(held))


def latest_rows(cells: Cells, name: str, fraction: float) -> Rows:
    """The latest rows by a column of dates or numbers; rows of the same time stay together.

    Raises:
        TableError: the column has gaps, or is neither dates nor numbers.
    """
    if not isinstance(cells, Days | Numbers) or cells.missing.any():
        raise TableError(f"cannot split by time: column {name!r} must hold a date or number in every row")
    order = np.argsort(cells.values, kind="stable")
    first = len(order) - round(fraction * len(order))
    if first == len(order):
        return np.zeros(0, np.int64)
    return np.flatnonzero(cells.values >= cells.values[order[first]])


def group_rows(cells: Cells, fraction: float, seed: int) -> Rows:
    """Whole groups, drawn from the seed until they hold at least the fraction of the rows."""
    values = cells.codes if isinstance(cells, Words) else cells.values
    groups, member = np.unique(values, return_inverse=True)
    order = shuffle(stream(seed, SPLITTING), len(groups))
    sizes = np.cumsum(np.bincount(member)[order])
    chosen = order[: int(np.searchsorted(sizes, fraction * len(member)) + 1)] if fraction else order[:0]
    return np.flatnonzero(np.isin(member, chosen))


def _column(table: Table, name: str, role: str) -> Cells:
    if name not in table.columns:
        raise TableError(f"cannot split by {role}: there is no column {name!r}")
    return table.columns[name]
