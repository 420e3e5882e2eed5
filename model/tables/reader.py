"""Reads tables from CSV, NDJSON and Parquet files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from model.columns.cells import Scalar, Table
from model.columns.encoder import Raw
from model.columns.extremes import extreme_error, first_extreme
from model.columns.inference import infer_kinds
from model.errors import TableError
from model.tables import ndjson
from model.tables.arrow import arrow_batches
from model.tables.converting import from_objects, to_cells, to_ids

MEDIA_TYPES = {"text/csv": "csv", "application/x-ndjson": "ndjson", "application/vnd.apache.parquet": "parquet"}
FORMATS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}
PROFILE_ROWS = 16_384
CHUNK_ROWS = 4096  # small enough that a job scores a chunk in well under a second, with any options
Source = Path | BinaryIO


@dataclass(frozen=True, eq=False)
class TableChunk:
    """Consecutive rows of a file.

    `columns` are the wanted columns, `names` the names of all columns but the ids. `ids` have the values of the file;
    None if it has no id column.
    """

    columns: Mapping[str, Raw]
    names: Sequence[str]
    rows: int
    first_row: int
    ids: Sequence[Scalar] | None = None
    whole_ids: bool = False


def format_of(path: Path) -> str:
    """Return the format of a file by the ending of its name.

    Raises: TableError when the ending is unknown.

    Example:
        >>> format_of(Path("customers.csv"))
        'csv'
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise TableError(f"{path.name}: the name must end in {', '.join(FORMATS)}, which sets the format") from None


def read_table(source: Source, file_format: str) -> Table:
    """Read a whole table and infer the kind of each column.

    Raises: TableError when the file cannot be read; the message has the row and the remedy.
    """
    with opened(source) as stream:
        if file_format == "ndjson":
            records, types = list(chain.from_iterable(ndjson.read_chunks(stream, PROFILE_ROWS))), ndjson.Types()
            rows = len(records)
            columns = {column.name: from_objects(column, types, rows) for column in ndjson.to_columns(records)}
        else:
            batches = list(arrow_batches(stream, file_format))
            rows = sum(len(batch) for batch in batches)
            names = batches[0].schema.names if batches else []
            columns = {
                name: to_cells(pa.chunked_array([batch.column(name) for batch in batches]), name, as_text=False)
                for name in names
            }
    if rows == 0:
        raise TableError("the table has no rows")
    for name, cells in columns.items():
        if (place := first_extreme(cells)) is not None:
            raise extreme_error(name, type(cells), place + 1)
    return infer_kinds(Table(columns, rows))


def read_chunks(
    source: Source,
    file_format: str,
    texts: Collection[str],
    id_column: str | None = None,
    wanted: Collection[str] | None = None,
) -> Iterator[TableChunk]:
    """Read a table in chunks of a few thousand rows, all columns or only the wanted ones.

    The columns in `texts` stay texts, even if they look like numbers.

    Raises: TableError when the file cannot be read; the message has the row and the remedy.
    """
    first = 1
    with opened(source) as stream:
        if file_format == "ndjson":
            for records in ndjson.read_chunks(stream, CHUNK_ROWS):
                yield _of_records(records, first, id_column, wanted)
                first += len(records)
            return
        for batch in arrow_batches(stream, file_format):
            for start in range(0, len(batch), CHUNK_ROWS):
                chunk = batch.slice(start, CHUNK_ROWS)
                yield _of_arrow(chunk, first, texts, id_column, wanted)
                first += len(chunk)


def read_cells(source: Source, file_format: str, texts: Collection[str], rows: int = PROFILE_ROWS) -> Iterator[Table]:
    """Read a table in chunks. The cells of each chunk decide the kind of its columns.

    A column of texts in one chunk may be a column of numbers in another, unless it is in `texts`.

    Raises:
        TableError: the file cannot be read; the message has the row and the remedy.
    """
    with opened(source) as stream:
        if file_format == "ndjson":
            yield from _cells_of_records(ndjson.read_chunks(stream, rows))
            return
        for batch in arrow_batches(stream, file_format):
            for start in range(0, len(batch), rows):
                chunk = batch.slice(start, rows)
                arrays = zip(chunk.schema.names, chunk.columns, strict=True)
                columns = {name: to_cells(array, name, as_text=name in texts) for name, array in arrays}
                yield Table(columns, len(chunk))


def _cells_of_records(chunks: Iterator[list[dict[str, object]]]) -> Iterator[Table]:
    first, types = 1, ndjson.Types()
    for records in chunks:
        rows = len(records)
        cells = {column.name: from_objects(column, types, rows, first) for column in ndjson.to_columns(records)}
        yield Table(cells, rows)
        first += rows


def _of_records(
    records: list[dict[str, object]], first: int, id_column: str | None, wanted: Collection[str] | None
) -> TableChunk:
    names = dict.fromkeys(chain.from_iterable(records))
    ids: Any = None
    if id_column is not None and id_column in names:
        names.pop(id_column)
        ids = [record.get(id_column) for record in records]
    read = [name for name in names if wanted is None or name in wanted]
    columns = {name: [record.get(name) for record in records] for name in read}
    return TableChunk(columns, list(names), len(records), first, ids)


def _of_arrow(
    batch: Any, first: int, texts: Collection[str], id_column: str | None, wanted: Collection[str] | None
) -> TableChunk:
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
    found = arrays.pop(id_column, None) if id_column is not None else None
    ids, whole = (None, False) if found is None else to_ids(found)
    read = [name for name in arrays if wanted is None or name in wanted]
    cells = {name: to_cells(arrays[name], name, as_text=name in texts) for name in read}
    return TableChunk(cells, list(arrays), len(batch), first, ids, whole)


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """Yield a stream of the bytes of a table, from its beginning.

    Raises: TableError when the file cannot be read.
    """
    if not isinstance(source, Path):
        yield source
        return
    try:
        stream = source.open("rb")
    except OSError as error:
        raise TableError(f"cannot read {source}: {error.strerror}") from error
    with stream:
        yield stream
