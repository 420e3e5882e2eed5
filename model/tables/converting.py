"""Converts Arrow arrays and lists of JSON values to cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model.columns.cells import Cells, Codes, Days, Flags, Numbers, Scalar, Words
from model.columns.missing import MISSING_TEXTS
from model.columns.numbers import read_values
from model.columns.read_as import PLAIN
from model.columns.readings import find_reading, read_words
from model.columns.row_problems import RowProblems
from model.errors import TableError
from model.tables import ndjson
from model.tables.texts import is_text

UNITS_A_DAY = {"s": 86_400.0, "ms": 86_400_000.0, "us": 86_400_000_000.0, "ns": 86_400_000_000_000.0}


def to_cells(array: Any, name: str, *, as_text: bool) -> Cells:
    """Return the cells of an array. Texts that are all numbers become numbers, unless `as_text`.

    Raises: TableError when Ebb does not use values of this type.
    """
    value_type = array.type
    if is_text(value_type):
        return _words(array) if as_text else _from_text(array)
    if pa.types.is_boolean(value_type):
        return Flags(_floats(array.cast(pa.int8())))
    if pa.types.is_date(value_type) or pa.types.is_timestamp(value_type):
        return _days(array)
    if pa.types.is_integer(value_type) or pa.types.is_floating(value_type) or pa.types.is_decimal(value_type):
        return Numbers(_floats(array))
    if pa.types.is_null(value_type):
        return Numbers(np.full(len(array), np.nan))
    raise TableError(f"column {name!r} is of type {value_type}: use numbers, texts, booleans or dates")


def _days(array: Any) -> Days:
    """Return days, to the microsecond inside the years 1 to 9999; microseconds far outside would overflow int64."""
    value_type = array.type
    if pa.types.is_date32(value_type):
        return Days(_floats(array.cast(pa.int32())))
    unit = "ms" if pa.types.is_date64(value_type) else value_type.unit
    near = Days(_floats(array.cast(pa.int64())) / UNITS_A_DAY[unit])
    moments = array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    return Days(np.where(near.outside, near.values, _floats(moments) / UNITS_A_DAY["us"]))


def _floats(array: Any) -> Any:
    """Return floats, converted chunk by chunk, so that memory holds one copy."""
    values, at = np.empty(len(array)), 0
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        values[at : at + len(chunk)] = chunk.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        at += len(chunk)
    return values


def _from_text(array: Any) -> Cells:
    """Return numbers if every text is a number or missing, else words."""
    trimmed = pc.utf8_trim_whitespace(array)
    known = pc.if_else(pc.is_in(trimmed, value_set=pa.array(MISSING_TEXTS)), None, trimmed)
    try:
        return Numbers(_floats(known.cast(pa.float64())))
    except pa.ArrowInvalid:
        return _words(array)


def _words(array: Any) -> Words:
    chunks = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
    encoded = pc.dictionary_encode(chunks).unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no rows
        return Words(np.zeros(0, np.int32), ())
    words: list[str] = encoded.dictionary.to_pylist()
    codes: Codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    if "" in words:  # the empty text is missing
        empty = words.index("")
        codes = np.where(codes == empty, -1, codes - (codes > empty)).astype(np.int32)
        words.pop(empty)
    return Words(codes, tuple(words))


def from_objects(column: ndjson.Column, types: ndjson.Types, rows: int, first_row: int = 1, *, as_text: bool) -> Cells:
    """Return the cells of JSON values, for a chunk of `rows` rows. Texts that are all numbers become numbers.

    Raises: TableError when two rows have different types, or a number is not finite.
    """
    python_type, problems = types.of(column, first_row), RowProblems()
    if python_type is str or (python_type is None and as_text):
        words = Words.of([value if isinstance(value, str) else None for value in column.values])
        cells = Words(_spread(words.codes, column, rows, Words.MISSING), words.words)
        return cells if as_text or find_reading(cells.words).reading != PLAIN else read_words(cells, PLAIN)
    if python_type is bool:
        flags = read_values(column.values, column.name, "true or false", problems)
        return Flags(_spread(flags, column, rows, np.nan))
    numbers = read_values(column.values, column.name, "a number", problems)
    for place, found in problems.rows.items():
        raise TableError(f"row {first_row + column.rows[place]}: {found[0].detail}")
    return Numbers(_spread(numbers, column, rows, np.nan))


def _spread(values: Any, column: ndjson.Column, rows: int, missing: float) -> Any:
    """Return the values at their rows, and `missing` in all other rows."""
    if len(values) == rows:
        return values
    spread = np.full(rows, missing, values.dtype)
    spread[np.array(column.rows)] = values
    return spread


def to_ids(array: Any) -> tuple[list[Scalar], bool]:
    """Return the values of an array as ids, and whether they are integers. Ids keep their value and length."""
    value_type = array.type
    if pa.types.is_signed_integer(value_type) or (
        pa.types.is_unsigned_integer(value_type) and value_type.bit_width < 64
    ):
        return array.to_pylist(), True
    try:
        values = array.to_pylist()
    except OverflowError:
        values = [_python_value(value) for value in array]
    if pa.types.is_floating(value_type):  # whole numbers beside a missing one, as pandas writes them
        values = [int(value) if value is not None and value.is_integer() else value for value in values]
    return [None if value is None or value == "" else str(value) for value in values], False


def id_words(ids: Sequence[Any]) -> Words:
    """Return ids as texts, each at its own place, without a search for equal ones."""
    missing = np.array([one is None for one in ids], bool)
    return Words(np.where(missing, Words.MISSING, np.arange(len(ids))).astype(np.int32), tuple(map(str, ids)))


def _python_value(value: Any) -> Any:
    """Return the value; for a date outside the years 1 to 9999, which Python does not have, the number in the file."""
    try:
        return value.as_py()
    except OverflowError:
        return value.value
