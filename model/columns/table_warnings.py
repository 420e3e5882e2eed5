"""Warnings about a table before a training: columns that leak, repeat or identify, and too few examples."""

from dataclasses import dataclass

import numpy as np

from model.columns.cells import Cells, Numbers, Scalar, Words
from model.columns.row_problems import short_repr
from model.design import Floats
from model.metrics import auc

LEAKING_AUC = 0.98  # a column that ranks churners this well was probably filled in after they left
MOST_STEPS = 20  # more rows with steps of one are row numbers, not chance
FEW = 50  # with fewer examples of one outcome, no estimate of quality is reliable


@dataclass(frozen=True)
class TableWarning:
    """A warning: a code, its column or None, and a sentence with the remedy. It is part of an estimator's bytes."""

    code: str
    column: str | None
    detail: str

    def to_json(self) -> dict[str, str | None]:
        """Return it in the form of the API."""
        return {"code": self.code, "column": self.column, "detail": self.detail}


def few_rows(rows: int) -> TableWarning:
    """Return the warning of a portfolio whose table is too small for networks."""
    detail = (
        f"the table has {rows:,} rows, too few to tell a network from logistic regression: logistic regression was "
        "trained; gather more rows, or name layers in the training spec"
    )
    return TableWarning("few_rows", None, detail)


def empty(name: str, where: str = "row") -> TableWarning:
    """Return the warning of a column without values."""
    return TableWarning("empty_column", name, f"column {name!r} has no value in any {where}: training leaves it out")


def few_gaps(name: str, gaps: int, taken: Scalar) -> TableWarning:
    """Return the warning of a column with too few missing values to learn from."""
    detail = (
        f"column {name!r} has no value in {gaps} training {'row' if gaps == 1 else 'rows'}, too few to learn what that "
        f"means: a customer without a value is scored with {short_repr(taken)}. Fill it where the value can be known"
    )
    return TableWarning("few_gaps", name, detail)


def constant(name: str, value: Scalar) -> TableWarning:
    """Return the warning of a column with one value in every row."""
    detail = (
        f"column {name!r} is {short_repr(value)} in every row: nothing can be learned from it, training leaves it out"
    )
    return TableWarning("constant_column", name, detail)


def mixed(name: str, value: Scalar, row: int) -> TableWarning:
    """Return the warning of a column of numbers with a text that is not a number."""
    detail = f"column {name!r} holds numbers, but {short_repr(value)} in row {row}: correct it or leave it out"
    return TableWarning("mixed_column", name, detail)


def too_many(name: str, distinct: int, at_least: bool = False) -> TableWarning:
    """Return the warning of a column with too many texts."""
    detail = (
        f"column {name!r} has {'more than ' * at_least}{distinct:,} different texts: if it identifies customers, name "
        "it as the id column; otherwise group its values or leave it out, or training will refuse it"
    )
    return TableWarning("too_many_categories", name, detail)


def numbering(name: str) -> TableWarning:
    """Return the warning of a column that numbers the rows."""
    detail = f"column {name!r} numbers the rows: if it identifies customers, name it as the id column"
    return TableWarning("row_number", name, detail)


def leaking(name: str, alone: float) -> TableWarning:
    """Return the warning of a column that ranks churners too well."""
    detail = (
        f"column {name!r} alone tells churners from others (AUC {alone:.3f}): check that it was known before "
        "they left, and leave it out if not"
    )
    return TableWarning("leaking_column", name, detail)


def too_few(positives: int, rows: int) -> tuple[TableWarning, ...]:
    """Return the warning of too few examples of one outcome; empty if there are enough."""
    fewer = min(positives, rows - positives)
    if fewer >= FEW:
        return ()
    outcome = "churners" if positives == fewer else "customers who stayed"
    detail = f"only {fewer} of {rows:,} rows are {outcome}: gather at least {FEW} before trusting an estimator"
    return (TableWarning("too_few_churners" if outcome == "churners" else "too_few_stayers", None, detail),)


def unclear_ids(name: str, again: int, missing: int, compared: int | None = None) -> tuple[TableWarning, ...]:
    """Return the warning of missing ids and of repeated ids, among all or the first `compared`; empty without any."""
    if again + missing == 0:
        return ()
    of = "" if compared is None else f" of the first {compared:,}"
    detail = (
        f"id column {name!r} repeats in {again:,} rows{of} and is empty in {missing:,}: "
        "give each customer one row and one id"
    )
    return (TableWarning("unclear_ids", name, detail),)


def is_constant(cells: Cells) -> bool:
    """Tell whether every row has the same value, or no row has one."""
    missing = cells.missing
    if missing.any():
        return bool(missing.all())
    values = cells.codes if isinstance(cells, Words) else cells.values
    return len(values) == 0 or bool((values == values[0]).all())


def is_row_number(cells: Numbers) -> bool:
    """Tell whether the numbers rise or fall by one from row to row, as row numbers do.

    Example:
        >>> is_row_number(Numbers(np.arange(1000.0, 1050.0)))
        True
    """
    steps = np.diff(cells.values)
    return len(cells) > MOST_STEPS and abs(steps[0]) == 1.0 and bool((steps == steps[0]).all())


def single_column_auc(cells: Cells, y: Floats) -> float:
    """Return the AUC of a single column, at least 0.5: the better of both directions; 0.5 for one outcome only.

    Words are ranked by the churn rate of their rows. Rates of rare words are shrunk to the mean rate.
    """
    if y.min() == y.max():
        return 0.5
    if isinstance(cells, Words):
        codes = np.where(cells.codes < 0, len(cells.words), cells.codes)
        counts = np.bincount(codes, minlength=len(cells.words) + 1)
        churned = np.bincount(codes, weights=y, minlength=len(cells.words) + 1)
        rates = (churned + 10.0 * y.mean()) / (counts + 10.0)
        return auc(y, rates[codes]) if counts.max() > 1 else 0.5
    missing = auc(y, cells.missing.astype(np.float64))
    known = ~cells.missing
    values, outcome = cells.values[known], y[known]
    alone = 0.5 if len(outcome) == 0 or outcome.min() == outcome.max() else auc(outcome, values)
    return max(missing, 1.0 - missing, alone, 1.0 - alone)
