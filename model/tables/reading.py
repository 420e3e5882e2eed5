"""Tables out of CSV, NDJSON and Parquet files."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from model.columns.cells import Cells, Codes, Days, Flags, Numbers, Scalar, Table, Words
from model.columns.encoder import Raw
from model.columns.faults import Faults
from model.columns.inference import refine
from model.columns.numbers import LARGEST, NO_NUMBER, read_values
from model.errors import TableError
from model.tables import ndjson

MEDIA_TYPES = {"text/csv": "csv", "application/x-ndjson": "ndjson", "application/vnd.apache.parquet": "parquet"}
FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}
BATCH_ROWS = 16_384
CSV_BLOCK = 4 << 20
MICROSECONDS_A_DAY = 86_400_000_000.0
Source = Path | BinaryIO


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows of a file on their way to be scored."""

    columns: Mapping[str, Raw]
    rows: int
    first_row: int

    def scalars(self, name: str) -> list[Scalar]:
        """The values of one column as JSON would hold them."""
        raw: Any = self.columns[name]
        return list(raw.scalars() if isinstance(raw, Cells) else raw)


def format_of(path: Path) -> str:
    """The format a file's name promises.

    Raises:
        TableError: the name ends in something else.

    Example:
        >>> format_of(Path("customers.csv"))
        'csv'
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise TableError(f"{path.name}: the name must end in {', '.join(FORMATS)} to tell its format") from None


def read_table(source: Source, file_format: str) -> Table:
    """Read a whole table and find out what kind each column is.

    Raises:
        TableError: the file cannot be read; the message names the row and what to do.
    """
    with _opened(source) as stream:
        if file_format == "ndjson":
            records = list(ndjson.read_records(stream))
            columns = {name: _from_objects(values, name) for name, values in ndjson.to_columns(records).items()}
            rows = len(records)
        else:
            batches = list(_arrow_batches(stream, file_format))
            rows = sum(len(batch) for batch in batches)
            names = batches[0].schema.names if batches else []
            columns = {
                name: _cells(pa.chunked_array([batch.column(name) for batch in batches]), name, as_text=False)
                for name in names
            }
    if rows == 0:
        raise TableError("the table has no rows")
    for name, cells in columns.items():
        too_large = np.abs(cells.values) > LARGEST if isinstance(cells, Numbers) else np.zeros(0, bool)
        if too_large.any():
            row = int(np.flatnonzero(too_large)[0]) + 1
            raise TableError(
                f"column {name!r} is infinite or too large in row {row}: correct it or leave the cell empty"
            )
    return refine(Table(columns, rows))


def read_batches(source: Source, file_format: str, texts: Collection[str]) -> Iterator[Batch]:
    """Read a table a few thousand rows at a time; the columns in `texts` are not looked at for numbers.

    Raises:
        TableError: the file cannot be read; the message names the row and what to do.
    """
    first = 1
    with _opened(source) as stream:
        if file_format == "ndjson":
            records = ndjson.read_records(stream)
            while some := list(islice(records, BATCH_ROWS)):
                yield Batch(ndjson.to_columns(some), len(some), first)
                first += len(some)
            return
        for batch in _arrow_batches(stream, file_format):
            arrays = zip(batch.schema.names, batch.columns, strict=True)
            cells = {name: _cells(array, name, as_text=name in texts) for name, array in arrays}
            yield Batch(cells, len(batch), first)
            first += len(batch)


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    try:
        stream = source.open("rb")
    except OSError as error:
        raise TableError(f"cannot read {source}: {error.strerror}") from error
    with stream:
        yield stream


def _arrow_batches(stream: BinaryIO, file_format: str) -> Iterator[pa.RecordBatch]:
    if file_format == "parquet":
        try:
            file = pa.parquet.ParquetFile(stream)
            _check_names(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                batch.validate(full=True)  # or texts that are not UTF-8 would pass
                yield batch
        except pa.ArrowMemoryError:  # no fault of the file
            raise
        except (pa.ArrowException, UnicodeDecodeError) as error:
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
            raise TableError(
                f"{where} has {row.actual_columns} cells where the header has {row.expected_columns}: "
                "quote cells that contain commas, and write an empty cell for a missing value"
            ) from error
        if "UTF8" in str(error):
            raise TableError(f"{_undecodable(stream)} is not UTF-8: save the file as UTF-8") from error
        raise TableError(f"the CSV file cannot be read: {error}") from error
    _check_quotes(stream, batch)


def _check_quotes(stream: BinaryIO, last: pa.RecordBatch | None) -> None:
    """A quote that is never closed swallows the rest of the file into one cell; pyarrow lets that pass."""
    if last is None or not len(last):
        return
    cell = last.column(last.num_columns - 1)[-1].as_py()
    if not isinstance(cell, str) or "\n" not in cell:
        return
    stream.seek(0)
    if sum(block.count(b'"') for block in iter(lambda: stream.read(CSV_BLOCK), b"")) % 2:
        raise TableError("a quote in the last rows is never closed: close it, or double quotes inside quoted cells")


def _csv_header(stream: BinaryIO) -> list[str]:
    """Column names, checked before pyarrow sees them; the stream is put back to its beginning."""
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


def _undecodable(stream: BinaryIO) -> str:
    stream.seek(0)
    for number, line in enumerate(stream, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return f"line {number}"
    return "the file"


def _cells(array: Any, name: str, *, as_text: bool) -> Cells:
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
        kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _words(array) if as_text else _from_text(array)
    if pa.types.is_boolean(kind):
        return Flags(_floats(array.cast(pa.int8())))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        moments = array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        return Days(_floats(moments) / MICROSECONDS_A_DAY)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Numbers(_floats(array))
    if pa.types.is_null(kind):
        return Numbers(np.full(len(array), np.nan))
    raise TableError(f"column {name!r} is of type {kind}: use numbers, texts, booleans or dates")


def _floats(array: Any) -> Any:
    return array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)


def _from_text(array: Any) -> Cells:
    """Numbers if every text that is not a gap spells one, else words."""
    trimmed = pc.utf8_trim_whitespace(array)
    known = pc.if_else(pc.is_in(trimmed, value_set=pa.array(NO_NUMBER)), None, trimmed)
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
    if "" in words:  # the empty text is a gap
        empty = words.index("")
        codes = np.where(codes == empty, -1, codes - (codes > empty)).astype(np.int32)
        words.pop(empty)
    return Words(codes, tuple(words))


def _from_objects(values: list[object], name: str) -> Cells:
    kind = ndjson.same_type(values, name)
    if kind is str:
        return Words.of([value if isinstance(value, str) else None for value in values])
    faults = Faults()
    if kind is bool:
        return Flags(read_values(values, name, "true or false", faults))
    numbers = Numbers(read_values(values, name, "a number", faults))
    for row, problems in faults.rows.items():
        raise TableError(f"row {row + 1}: {problems[0].detail}")
    return numbers
