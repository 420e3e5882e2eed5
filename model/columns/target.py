"""The churn target: a column of two outcomes, read as labels 1 and 0."""

import numpy as np

from model.columns.cells import Cells, Days, Flags, Scalar, Words
from model.columns.missing import missing_words
from model.columns.read_as import PLAIN
from model.columns.row_problems import short_repr
from model.design import Floats, Integers
from model.errors import ColumnError, TableError

YES = frozenset({"1", "yes", "y", "true", "t", "churned", "churn", "leaves", "left"})
NO = frozenset({"0", "no", "n", "false", "f", "stayed", "stays", "retained", "active"})
OUTCOMES = ("customers who stayed", "churners")  # of the labels 0 and 1, for messages


def labels(cells: Cells, name: str, numbers: Integers | None = None) -> Floats:
    """Return 1.0 for customers who churned and 0.0 for customers who stayed.

    Messages name the row by its place, from 1, or by the number of it that is given.

    Shapes: result and numbers (n,).
    Raises: ColumnError when a row has no label, or a label is not one of the words in YES and NO.

    Example:
        >>> labels(Words.of(["yes", "no"]), "churned")
        array([1., 0.])
    """
    cells = as_labels(cells)
    refuse_missing(cells, name, numbers)
    if isinstance(cells, Words):
        meaning = np.array([parse_outcome(word) for word in cells.words])
        values = meaning[cells.codes]
    else:
        values = cells.values
    strange = np.ones(len(cells), bool) if isinstance(cells, Days) else (values != 0.0) & (values != 1.0)
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise invalid_label(name, cells.scalar(row), _number(row, numbers))
    return values


def as_labels(cells: Cells) -> Cells:
    """Return cells as they are written, without numbers read from marks; marks of missing values are missing.

    Example:
        >>> as_labels(Words.of(["yes", "unknown"])).scalars()
        ['yes', None]
    """
    if not isinstance(cells, Words | Flags) and cells.origin is not None and cells.reading != PLAIN:
        cells = cells.origin
    if not isinstance(cells, Words):
        return cells
    return Words(np.where(missing_words(cells), Words.MISSING, cells.codes).astype(np.int32), cells.words)


def _number(row: int, numbers: Integers | None) -> int:
    return row + 1 if numbers is None else int(numbers[row])


def refuse_missing(cells: Cells, name: str, numbers: Integers | None = None) -> None:
    """Refuse a target without rows, or with missing labels.

    Raises: ColumnError.
    """
    if len(cells) == 0:
        raise ColumnError("the table has no rows")
    if len(missing := np.flatnonzero(cells.missing)):
        raise missing_labels(name, len(missing), len(cells), _number(int(missing[0]), numbers))


def missing_labels(name: str, missing: int, rows: int, first: int) -> ColumnError:
    """Return the error of a target with missing labels."""
    return ColumnError(
        f"target column {name!r} is empty in {missing:,} of {rows:,} rows, first in row {first}: "
        "remove the rows whose outcome is not known yet"
    )


def invalid_label(name: str, value: Scalar, row: int) -> ColumnError:
    """Return the error of a target with another value than yes and no."""
    return ColumnError(
        f"target column {name!r} holds {short_repr(value)} in row {row}: it must say who churned, "
        "as 1 and 0, true and false, or yes and no"
    )


def check_outcome_counts(positives: int, rows: int) -> None:
    """Refuse counts of one outcome only.

    Raises:
        TableError: all customers churned, or all stayed.
    """
    if positives in (0, rows):
        outcome = "churned" if positives else "stayed"
        raise TableError(f"all {rows:,} rows {outcome}: an estimator needs customers of both outcomes")


def parse_outcome(word: str) -> float:
    """Return 1.0 for a word in YES, 0.0 for a word in NO, else NaN."""
    word = word.strip().lower()
    return 1.0 if word in YES else 0.0 if word in NO else np.nan
