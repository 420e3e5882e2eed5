"""The target: a column that says who churned, as 1 and 0."""

import numpy as np

from model.columns.cells import Cells, Days, Floats, Words
from model.errors import ColumnError, TableError

YES = frozenset({"1", "yes", "y", "true", "t", "churned", "churn", "leaves", "left"})
NO = frozenset({"0", "no", "n", "false", "f", "stayed", "stays", "retained", "active"})


def labels(cells: Cells, name: str) -> Floats:
    """Return 1.0 for who churned and 0.0 for who stayed.

    Raises: ColumnError when a row has no label, or the column holds something else than two ways of saying yes and no.

    Example:
        >>> labels(Words.of(["yes", "no"]), "churned")
        array([1., 0.])
    """
    if len(cells) == 0:
        raise ColumnError("the table has no rows")
    if cells.missing.any():
        gaps = np.flatnonzero(cells.missing)
        raise ColumnError(
            f"target column {name!r} is empty in {len(gaps):,} of {len(cells):,} rows, first in row {gaps[0] + 1}: "
            "remove the rows whose outcome is not known yet"
        )
    if isinstance(cells, Words):
        meaning = np.array([_meaning(word) for word in cells.words])
        values = meaning[cells.codes]
    else:
        values = cells.values
    strange = np.ones(len(cells), bool) if isinstance(cells, Days) else (values != 0.0) & (values != 1.0)
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise ColumnError(
            f"target column {name!r} holds {cells.scalar(row)!r} in row {row + 1}: it must say who churned, "
            "as 1 and 0, true and false, or yes and no"
        )
    return values


def check_both(y: Floats) -> None:
    """Refuse labels of which nothing can be learned.

    Raises: TableError when all customers churned, or all stayed.
    """
    if y.min() == y.max():
        outcome = "churned" if y[0] else "stayed"
        raise TableError(f"all {len(y):,} rows {outcome}: an estimator needs customers of both outcomes")


def _meaning(word: str) -> float:
    word = word.strip().lower()
    return 1.0 if word in YES else 0.0 if word in NO else np.nan
