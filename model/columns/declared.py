"""Declared kinds: reads the cells of a table as the kinds that the training spec gives to its columns."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from model.columns.boolean import parse_flag
from model.columns.category_text import KINDS_OF_CELLS, words_of
from model.columns.cells import Cells, Days, Flags, Numbers, Table, Words, days_since_epoch
from model.columns.missing import missing_words
from model.columns.numbers import parse_number
from model.columns.options import ColumnOptions
from model.columns.read_as import ReadAs, Reading
from model.columns.readings import common_mark, find_reading, read_words
from model.columns.row_problems import short_repr
from model.errors import Problem, SpecError
from model.names import clipped
from model.parsing import escape


def with_declared_kinds(table: Table, options: Mapping[str, ColumnOptions]) -> Table:
    """Return the table with each column of a declared kind as cells of that kind.

    Raises: SpecError when a column holds a value that is not of its kind, or cannot be read as the spec says.
    """
    columns, problems = dict(table.columns), []
    for name, chosen in options.items():
        if chosen.drop or (chosen.kind is None and chosen.read_as is None):
            continue
        cells = _as_written(table.columns[name])
        columns[name], lost = declared(cells, chosen)
        if lost is not None:
            problems.append(not_as_declared(name, chosen, f"{short_repr(cells.scalar(lost))} in row {lost + 1:,}"))
    if problems:
        raise SpecError(problems)
    return Table(columns, table.rows)


def declared(cells: Cells, chosen: ColumnOptions) -> tuple[Cells, int | None]:
    """Return cells read as the options declare, and the first row whose value has no such reading."""
    read = READERS[str(chosen.kind)][0](cells) if chosen.read_as is None else _read_as(cells, chosen.read_as)
    lost = np.flatnonzero(read.missing & ~_missing(cells, read))
    return read, int(lost[0]) if len(lost) else None


def not_as_declared(name: str, chosen: ColumnOptions, held: str) -> Problem:
    """Return the problem of a column that holds something else than the options declare."""
    option = "kind" if chosen.read_as is None else "read_as"
    what = READERS[str(chosen.kind)][1] if chosen.read_as is None else f"read as {chosen.read_as}"
    detail = f"column {clipped(name)!r} holds {held}, which is not {what}: correct it, or leave the {option} out"
    return Problem(f"/columns/{escape(name)}/{option}", "wrong_type", detail)


def text_columns(options: Mapping[str, ColumnOptions]) -> list[str]:
    """Return the columns whose texts are needed, because the spec says how to read them."""
    return [name for name, chosen in options.items() if chosen.read_as is not None and not chosen.drop]


def _as_written(cells: Cells) -> Cells:
    """Return the texts of cells that were read from texts with marks; other cells as they are."""
    return cells if isinstance(cells, Words | Flags) or cells.origin is None else cells.origin


def _missing(cells: Cells, read: Cells) -> np.ndarray:
    """Return which cells are missing, including texts that stand for a missing number, flag or date."""
    return missing_words(cells) if isinstance(cells, Words) and not isinstance(read, Words) else cells.missing


def _read_as(cells: Cells, read_as: ReadAs) -> Cells:
    """Return numbers or dates, read from texts as the spec says; other cells are read already."""
    if not isinstance(cells, Words):
        return cells if KINDS_OF_CELLS[type(cells)] == Reading(read_as).kind else Numbers(np.full(len(cells), np.nan))
    return read_words(cells, Reading(read_as, common_mark(cells.words)))


def _found(cells: Cells, kind: str) -> Any:
    """Return the cells by the reading that suits all their texts; None if there is none of this kind."""
    if not isinstance(cells, Words):
        return None
    reading = find_reading(cells.words).reading
    return read_words(cells, reading) if isinstance(reading, Reading) and reading.kind == kind else None


def _numbers(cells: Cells) -> Cells:
    return cells if isinstance(cells, Numbers) else _found(cells, "numeric") or Numbers(_parsed(cells, parse_number))


def _flags(cells: Cells) -> Cells:
    return cells if isinstance(cells, Flags) else Flags(_parsed(cells, parse_flag))


def _days(cells: Cells) -> Cells:
    return cells if isinstance(cells, Days) else _found(cells, "date") or Days(_parsed(cells, days_since_epoch))


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
