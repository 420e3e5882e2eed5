"""Declared kinds: reads the cells of a table as the kinds that the training spec gives to its columns."""

from collections.abc import Callable, Mapping

import numpy as np

from model.columns.boolean import parse_flag
from model.columns.category_text import words_of
from model.columns.cells import Cells, Days, Flags, Numbers, Table, Words, days_since_epoch
from model.columns.numbers import MISSING_TEXTS, parse_number
from model.columns.options import ColumnOptions
from model.columns.row_problems import short_repr
from model.errors import Problem, SpecError
from model.parsing import escape


def with_declared_kinds(table: Table, options: Mapping[str, ColumnOptions]) -> Table:
    """Return the table with each column of a declared kind as cells of that kind.

    Raises: SpecError when a column holds a value that is not of its kind.
    """
    columns, problems = dict(table.columns), []
    for name, chosen in options.items():
        if chosen.kind is None or chosen.drop:
            continue
        cells, (read, what) = table.columns[name], READERS[chosen.kind]
        columns[name] = read(cells)
        lost = np.flatnonzero(columns[name].missing & ~_missing(cells, chosen.kind))
        if len(lost):
            value, row = short_repr(cells.scalar(int(lost[0]))), lost[0] + 1
            detail = (
                f"column {name!r} holds {value} in row {row:,}, which is not {what}: correct it, or leave the kind out"
            )
            problems.append(Problem(f"/columns/{escape(name)}/kind", "wrong_type", detail))
    if problems:
        raise SpecError(problems)
    return Table(columns, table.rows)


def _missing(cells: Cells, kind: str) -> np.ndarray:
    """Return which cells are missing, including texts that stand for a missing number."""
    if kind != "numeric" or not isinstance(cells, Words):
        return cells.missing
    return np.array([word.strip() in MISSING_TEXTS for word in cells.words] + [True])[cells.codes]


def _numbers(cells: Cells) -> Cells:
    return cells if isinstance(cells, Numbers) else Numbers(_parsed(cells, parse_number))


def _flags(cells: Cells) -> Cells:
    return cells if isinstance(cells, Flags) else Flags(_parsed(cells, parse_flag))


def _days(cells: Cells) -> Cells:
    return cells if isinstance(cells, Days) else Days(_parsed(cells, days_since_epoch))


def _parsed(cells: Cells, parse: Callable[[str], float | None]) -> np.ndarray:
    """Return the values of texts, NaN where a text has none; of other cells NaN."""
    if not isinstance(cells, Words):
        return np.full(len(cells), np.nan)
    return np.array([*map(parse, cells.words), None], np.float64)[cells.codes]


READERS: dict[str, tuple[Callable[[Cells], Cells], str]] = {
    "numeric": (_numbers, "a number"),
    "boolean": (_flags, "true or false"),
    "categorical": (words_of, "a category"),
    "date": (_days, "an ISO 8601 date"),
}
