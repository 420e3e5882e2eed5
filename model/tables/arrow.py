"""CSV and Parquet as Arrow's record batches, with refusals that name the line and what to do."""

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from model.errors import TableError
from model.names import check_column_name

BATCH_ROWS = 16_384
CSV_BLOCK = 2 << 20
UNCLOSED = "a quote that is never closed: close it, or double quotes inside quoted cells"


def arrow_batches(stream: BinaryIO, file_format: str) -> Iterator[pa.RecordBatch]:
    """Yield a file's rows; all columns of CSV are texts.

    Raises: TableError when the file cannot be read; the message names the line and what to do.
    """
    if file_format == "parquet":
        try:
            file = pa.parquet.ParquetFile(stream)
            _check_names(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                batch.validate(full=True)  # or texts that are not UTF-8 would pass
                yield batch
        except pa.ArrowMemoryError:  # no fault of the file
            raise
        except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's own; of a damaged file pyarrow says so without a number
            raise TableError(f"this is not a Parquet file that can be read: {error}") from error
    else:
        yield from _csv_batches(stream)


def _csv_batches(stream: BinaryIO) -> Iterator[pa.RecordBatch]:
    names = _csv_header(stream)
    refused: list[Any] = []

    def refuse(row: Any) -> str:
        refused.append(row)
        return "error"

    batch = None
    try:
        for batch in pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=CSV_BLOCK),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=refuse),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        ):
            yield batch
    except pa.ArrowMemoryError:
        raise
    except pa.ArrowException as error:
        if refused:
            row = refused[0]
            where = f"line {row.number}" if row.number else f"the line {row.text[:60]!r}"
            if row.text.count('"') % 2:
                raise TableError(f"{where} has {UNCLOSED}") from error
            raise TableError(
                f"{where} has {row.actual_columns} cells where the header has {row.expected_columns}: "
                "quote cells that contain commas, and write an empty cell for a missing value"
            ) from error
        if "UTF8" in str(error):
            raise TableError(f"{_undecodable(stream)} is not UTF-8: save the file as UTF-8") from error
        if _odd_quotes(stream):
            raise TableError(f"the file has {UNCLOSED}") from error
        raise TableError(f"the CSV file cannot be read: {error}") from error
    _check_quotes(stream, batch)


def _check_quotes(stream: BinaryIO, last: pa.RecordBatch | None) -> None:
    """Refuse a quote that is never closed: it swallows the rest of the file into one cell, and pyarrow lets it pass."""
    if last is None or not len(last):
        return
    cell = last.column(last.num_columns - 1)[-1].as_py()
    if not isinstance(cell, str) or "\n" not in cell:
        return
    if _odd_quotes(stream):
        raise TableError(f"one of the last rows has {UNCLOSED}")


def _odd_quotes(stream: BinaryIO) -> bool:
    stream.seek(0)
    return sum(block.count(b'"') for block in iter(lambda: stream.read(CSV_BLOCK), b"")) % 2 == 1


def _csv_header(stream: BinaryIO) -> list[str]:
    """Return the columns' names, checked before pyarrow sees them; the stream is put back to its beginning."""
    start = stream.read(1 << 20)
    stream.seek(0)
    if not start.strip():
        raise TableError("the file is empty: its first line must name the columns")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start[:1024] or start[:4] in (b"PK\3\4", b"PAR1"):
        raise TableError("the file is not CSV in UTF-8 (a spreadsheet, Parquet or UTF-16?): export it as CSV in UTF-8")
    try:
        text = start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").splitlines(keepends=True)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise TableError("line 1 is not UTF-8: save the file as UTF-8") from error
    names = next(csv.reader(io.StringIO(text)))
    _check_names(names)
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise TableError(f"the first line is one column {names[0]!r}: separate columns by commas")
    return names


def _check_names(names: list[str]) -> None:
    for name in names:
        if not name.strip():
            raise TableError(f"column {names.index(name) + 1} has no name: name every column")
        if names.count(name) > 1:
            raise TableError(f"two columns are named {name!r}: give each column its own name")
        check_column_name(name)


def _undecodable(stream: BinaryIO) -> str:
    stream.seek(0)
    for number, line in enumerate(stream, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return f"line {number}"
    return "the file"
