"""Reads CSV as record batches of texts. Errors have the line."""

import codecs
import csv
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.csv

from model import limits
from model.errors import JOINED, TableError
from model.tables.bounds import Decoded, check_names, line_too_long, lines
from model.tables.delimiters import records, skipped_lines
from model.tables.texts import check_texts, without_blank_rows

BLOCK = limits.LINE_BYTES  # a longer row is refused
UNCLOSED = "a quote that is never closed: close it, or double quotes inside quoted cells"
UNDECODABLE = "is not UTF-8: save the file as UTF-8, or name its encoding, such as cp1252"


def csv_batches(stream: BinaryIO, decoded: Decoded, delimiter: str = ",") -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file in UTF-8.

    Raises: TableError when the file cannot be read or exceeds `model.limits`.
    """
    start = _start(stream)
    names, has_rows = _header(start, delimiter)
    if not has_rows:
        return
    refused: list[Any] = []

    def refuse(row: Any) -> str:
        refused.append(row)
        return "error"

    batch = None
    try:
        reader = pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK, skip_rows=skipped_lines(start)),
            parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        check_names(reader.schema.names)
        for batch in reader:
            _check(batch, decoded.rows, stream)
            yield without_blank_rows(batch)
    except pa.ArrowMemoryError:
        raise
    except pa.ArrowException as error:
        _explain(error, refused, stream)
    _check_quotes(stream, batch)


def _explain(error: Exception, refused: list[Any], stream: BinaryIO) -> NoReturn:
    """Raise the error of the line that pyarrow refused, with the remedy."""
    if refused:
        row = refused[0]
        where = f"line {row.number}" if row.number else f"the line {row.text[:60]!r}"
        if row.text.count('"') % 2:
            raise TableError(f"{where} has {UNCLOSED}") from error
        raise TableError(
            f"{where} has {row.actual_columns} cells where the header has {row.expected_columns}: "
            "quote cells that contain the delimiter, and write an empty cell for a missing value"
        ) from error
    if "UTF8" in str(error):
        raise TableError(f"{_undecodable(stream)} {UNDECODABLE}") from error
    if _odd_quotes(stream):
        raise TableError(f"the file has {UNCLOSED}") from error
    stream.seek(0)
    for _ in lines(stream):  # refuses a line that is too long
        pass
    raise TableError(f"the CSV file cannot be read: {error}") from error


def _check(batch: pa.RecordBatch, before: int, stream: BinaryIO) -> None:
    try:
        check_texts(batch, before)
    except TableError:
        if _odd_quotes(stream):
            raise TableError(f"a text does not end: the file has {UNCLOSED}") from None
        raise


def _check_quotes(stream: BinaryIO, last: pa.RecordBatch | None) -> None:
    """Refuse an unclosed quote: pyarrow accepts it and reads the rest of the file as one cell."""
    if last is None or not len(last):
        return
    cell = last.column(last.num_columns - 1)[-1].as_py()
    if not isinstance(cell, str) or "\n" not in cell:
        return
    if _odd_quotes(stream):
        raise TableError(f"one of the last rows has {UNCLOSED}")


def _odd_quotes(stream: BinaryIO) -> bool:
    stream.seek(0)
    return sum(block.count(b'"') for block in iter(lambda: stream.read(BLOCK), b"")) % 2 == 1


def _start(stream: BinaryIO) -> str:
    """Return the beginning of a file, and move to its beginning.

    Raises: TableError.
    """
    start = stream.read(BLOCK)
    stream.seek(0)
    if not start.strip():
        raise TableError("the file is empty: its first line must name the columns")
    if len(start) == BLOCK and not any(mark in start for mark in b"\r\n"):
        raise line_too_long(1)
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(start)
    except UnicodeDecodeError as error:
        line = start.count(b"\n", 0, error.start) + 1
        raise TableError(f"line {line} {UNDECODABLE}") from error


def _header(start: str, delimiter: str) -> tuple[list[str], bool]:
    """Return the checked names of the columns, and whether there are rows.

    Raises: TableError.
    """
    lines = records(start, delimiter)
    try:
        names = next(lines)
    except csv.Error as error:
        raise TableError(
            f"line 1 cannot be read ({error}): name the columns in it, with {delimiter!r} between them"
        ) from error
    has_rows = _is_another(lines)
    try:
        check_names(names)
    except TableError as error:
        if not has_rows:
            raise TableError(f"the file is a single line; {JOINED}. In it, {error}") from None
        raise
    return names, has_rows


def _is_another(lines: Iterator[list[str]]) -> bool:
    try:
        return next(lines, None) is not None
    except csv.Error:  # there is one, and the reader of the file says what is wrong with it
        return True


def _undecodable(stream: BinaryIO) -> str:
    stream.seek(0)
    for number, line in lines(stream):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return f"line {number}"
    return "the file"
