"""Splits rows into training and validation: at random within each outcome, by time, by groups, or in folds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.columns import Table
from model.columns.cells import Cells, Days, Numbers, Words
from model.design import Floats
from model.errors import Problem, SpecError, TableError
from model.names import clipped
from model.random import shuffle, stream
from model.spec import Spec

SPLITTING = 1001  # the purpose of the random stream that draws validation rows
RowNumbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """The row numbers for training and for validation. With folds, both are all rows.

    Shapes: folds (n,), the member that holds each row out, or None; time (n,), the column of a split by time, or None.
    """

    train: RowNumbers
    valid: RowNumbers
    folds: RowNumbers | None = None
    time: Cells | None = None


def split(table: Table, y: Floats, spec: Spec, strata: tuple[Floats, Sequence[str]]) -> Split:
    """Return training and validation rows by the `validation` of the spec.

    Raises: TableError for too few rows of a stratum, or a missing time or group column; SpecError for a validation that
    leaves no training rows.
    """
    held, rows = spec.validation, np.arange(len(y))
    group = None if held.group is None else _column(table, held.group, "group")
    if held.folds:
        if spec.members > len(y):
            raise TableError(f"there are only {len(y):,} rows for {spec.members:,} folds: lower members")
        if group is None:
            folds = stratified_folds(*strata, spec.members, spec.seed)
        else:
            folds = group_folds(group, spec.members, spec.seed)
        found = Split(rows, rows, folds)
        trained = [y[folds != member] for member in range(spec.members)]
    else:
        time = None if held.time is None else _column(table, held.time, "time")
        if held.time is not None and time is not None:
            valid = latest_rows(time, held.time, held.fraction)
        elif group is not None:
            valid = group_rows(group, held.fraction, spec.seed)
        else:
            valid = stratified_rows(*strata, held.fraction, spec.seed)
        found = Split(np.setdiff1d(rows, valid), valid, time=time)
        trained = [y[found.train]]
    if any(len(each) == 0 for each in trained):
        raise _refused("fraction", "range", "leaves no row to train on: lower it")
    if any(each.min() == each.max() for each in trained):
        raise TableError("the rows left for training have one outcome only: hold out less, or gather more rows")
    return found


def stratified_rows(y: Floats, names: Sequence[str], fraction: float, seed: int) -> RowNumbers:
    """Return random validation rows with the table's share of each stratum.

    Shapes: y (n,), the strata of rows by number. `names` are the names of the strata for messages.
    Raises: TableError for a stratum with too few rows to split; SpecError for too large a fraction.

    Example:
        >>> stratified_rows(np.array([0.0, 1.0] * 5), ("stayed", "churned"), 0.2, seed=0).tolist()
        [1, 2]
    """
    order = shuffle(stream(seed, SPLITTING), len(y))
    held: list[RowNumbers] = []
    for stratum, name in enumerate(names):
        rows = order[y[order] == stratum]
        count = 0 if fraction == 0.0 else max(1, round(fraction * len(rows)))
        if 1 < len(rows) <= count:
            detail = f"would hold out all {len(rows):,} rows that are {name}: lower it"
            raise _refused("fraction", "range", detail)
        if len(rows) <= count:
            raise TableError(
                f"only {len(rows)} of {len(y):,} rows are {name}, too few to train on some and validate on others: "
                "gather more of them, or leave them out"
            )
        held.append(rows[:count])
    return np.sort(np.concatenate(held))


def stratified_folds(y: Floats, names: Sequence[str], count: int, seed: int) -> RowNumbers:
    """Return a random fold for each row: folds of equal size, each with the table's share of each stratum.

    Raises: TableError for a stratum with one row: the member that holds it out could not learn the stratum.

    Example:
        >>> stratified_folds(np.array([0.0, 1.0] * 4), ("stayed", "churned"), 4, seed=0).tolist()
        [2, 3, 3, 1, 0, 2, 1, 0]
    """
    order = shuffle(stream(seed, SPLITTING), len(y))
    for stratum, name in enumerate(names):
        if (found := int((y == stratum).sum())) < 2:
            raise TableError(
                f"only {found} of {len(y):,} rows are {name}, too few to train on some and validate on others: "
                "gather more of them, or leave them out"
            )
    folds = np.empty(len(y), np.int64)
    folds[order[np.argsort(y[order], kind="stable")]] = np.arange(len(y)) % count
    return folds


def group_folds(cells: Cells, count: int, seed: int) -> RowNumbers:
    """Return a fold for each row, the same for all rows of a group. Groups in random order fill the smallest fold.

    Raises: TableError for fewer groups than folds; SpecError for a single group.
    """
    groups, member = _groups(cells)
    if len(groups) < count:
        raise TableError(
            f"there are only {len(groups)} groups for {count} folds: group by a column of at least {count} values, "
            "leave the group out, or set layers and fewer members in the training spec"
        )
    sizes, held, fold_of = np.bincount(member), np.zeros(count, np.int64), np.empty(len(groups), np.int64)
    for group in shuffle(stream(seed, SPLITTING), len(groups)).tolist():
        fold_of[group] = held.argmin()
        held[fold_of[group]] += sizes[group]
    return fold_of[member]


def latest_rows(cells: Cells, name: str, fraction: float) -> RowNumbers:
    """Return the latest rows by a column of dates or numbers. Rows of the same time stay together.

    Raises: TableError when the column has missing values, or is neither dates nor numbers; SpecError when it has one
    value only.
    """
    if not isinstance(cells, Days | Numbers) or cells.missing.any():
        raise TableError(f"cannot split by time: column {name!r} must hold a date or number in every row")
    order = np.argsort(cells.values, kind="stable")
    first = len(order) - round(fraction * len(order))
    if first == len(order):
        return np.zeros(0, np.int64)
    if cells.values[order[0]] == cells.values[order[-1]]:
        raise _refused("time", "conflict", f"column {name!r} is the same in all rows: leave time out")
    return np.flatnonzero(cells.values >= cells.values[order[first]])


def group_rows(cells: Cells, fraction: float, seed: int) -> RowNumbers:
    """Return the rows of random groups that hold at least the fraction of the rows.

    Raises: SpecError for a single group.
    """
    if fraction == 0.0:
        return np.zeros(0, np.int64)
    groups, member = _groups(cells)
    order = shuffle(stream(seed, SPLITTING), len(groups))
    sizes = np.cumsum(np.bincount(member)[order])
    chosen = order[: int(np.searchsorted(sizes, fraction * len(member)) + 1)]
    return np.flatnonzero(np.isin(member, chosen))


def _groups(cells: Cells) -> tuple[RowNumbers, RowNumbers]:
    groups, member = np.unique(cells.codes if isinstance(cells, Words) else cells.values, return_inverse=True)
    if len(groups) == 1:
        raise _refused("group", "conflict", "all rows are of one group, which cannot be held out: leave group out")
    return np.arange(len(groups)), member


def _refused(key: str, code: str, detail: str) -> SpecError:
    return SpecError([Problem(f"/validation/{key}", code, detail)])


def _column(table: Table, name: str, role: str) -> Cells:
    if name not in table.columns:
        raise TableError(f"cannot split by {role}: there is no column {clipped(name)!r}")
    return table.columns[name]
