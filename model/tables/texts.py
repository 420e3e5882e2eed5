"""Texts in Arrow arrays: checks their length, and drops rows without any text."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from model import limits
from model.tables.bounds import check_cell


def is_text(value_type: Any) -> bool:
    """Tell whether values of this type are texts."""
    return bool(pa.types.is_string(value_type) or pa.types.is_large_string(value_type))


def plain_type(value_type: Any) -> Any:
    """Return the type of the values of a dictionary; for views of texts that of texts, which Arrow computes on.

    Example:
        >>> plain_type(pa.string_view()), plain_type(pa.dictionary(pa.int8(), pa.string()))
        (DataType(string), DataType(string))
    """
    if pa.types.is_dictionary(value_type):
        value_type = value_type.value_type
    return pa.string() if value_type == pa.string_view() else value_type


def without_blank_rows(batch: Any) -> Any:
    """Return the rows whose cells are not all empty: lines of nothing but separators are no rows."""
    blank: Any = None
    for column in batch.columns:
        empty = pc.equal(column, "") if is_text(column.type) else column.is_null()
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return batch
    return batch.filter(pc.invert(blank))


def check_texts(batch: Any, before: int) -> None:
    """Refuse a text that is too long for a cell; `before` is the number of rows before this batch.

    Raises: TableError.
    """
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if is_text(column.type) and longest(column) > limits.CELL_CHARACTERS:
            lengths = pc.utf8_length(column)
            most = pc.max(lengths)
            check_cell(most.as_py(), name, f"row {before + 1 + pc.index(lengths, most).as_py():,}")


def check_dictionary(words: Any, name: str, first_row: int) -> None:
    """Refuse a dictionary with a text that is too long. Rows from `first_row` on may refer to it.

    Raises: TableError.
    """
    if is_text(words.type) and longest(words) > limits.CELL_CHARACTERS:
        check_cell(pc.max(pc.utf8_length(words)).as_py(), name, f"row {first_row:,} or a later one")


def longest(texts: Any) -> int:
    """Return the size of the longest text in bytes of UTF-8."""
    return int(pc.max(pc.binary_length(texts)).as_py() or 0)
