"""Reads tables from CSV, NDJSON, Parquet and XLSX files, which may be packed by gzip or zip."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any

import pyarrow as pa

from model.columns.cells import Cells, Scalar, Table, Words
from model.columns.encoder import Raw
from model.columns.extremes import extreme_error, first_extreme
from model.columns.inference import infer_kind
from model.columns.numbers import numbers_of
from model.columns.read_as import Reading
from model.columns.readings import read_words
from model.errors import NO_ROWS, TableError
from model.tables import ndjson
from model.tables.arrow import arrow_batches
from model.tables.converting import from_objects, id_words, to_cells, to_ids
from model.tables.file_reading import FORMATS
from model.tables.opening import How, Source, opened

PROFILE_ROWS = 16_384
CHUNK_ROWS = 4096  # small enough that a job scores a chunk in well under a second, with any options
NO_READINGS: Mapping[str, Reading] = {}


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


def read_table(source: Source, how: How, texts: Collection[str] = ()) -> Table:
    """Read a whole table and infer the kind of each column. The columns in `texts` stay texts.

    Raises: TableError when the file cannot be read; the message has the row and the remedy.
    """
    with opened(source, how) as table:
        if table.reading.file_format == "ndjson":
            chunks = ndjson.read_chunks(table.stream, PROFILE_ROWS, table.stored_bytes)
            records, types = list(chain.from_iterable(chunks)), ndjson.Types()
            rows = len(records)
            columns = {
                column.name: from_objects(column, types, rows, as_text=column.name in texts)
                for column in ndjson.to_columns(records)
            }
        else:
            batches = list(arrow_batches(table))
            rows = sum(len(batch) for batch in batches)
            names = batches[0].schema.names if batches else []
            columns = {
                name: to_cells(pa.chunked_array([batch.column(name) for batch in batches]), name, as_text=name in texts)
                for name in names
            }
    if rows == 0:
        raise TableError(NO_ROWS)
    for name, cells in columns.items():
        if (place := first_extreme(cells)) is not None:
            raise extreme_error(name, type(cells), place + 1)
    kinds = {name: cells if name in texts else infer_kind(cells) for name, cells in columns.items()}
    return Table(kinds, rows, table.reading.unusual)


def read_chunks(
    source: Source,
    how: How,
    texts: Collection[str],
    id_column: str | None = None,
    wanted: Collection[str] | None = None,
) -> Iterator[TableChunk]:
    """Read a table in chunks of a few thousand rows, all columns or only the wanted ones.

    The columns in `texts` stay texts, even if they look like numbers.

    Raises: TableError when the file cannot be read; the message has the row and the remedy.
    """
    first = 1
    with opened(source, how) as table:
        if table.reading.file_format == "ndjson":
            for records in ndjson.read_chunks(table.stream, CHUNK_ROWS, table.stored_bytes):
                yield _of_records(records, first, texts, id_column, wanted)
                first += len(records)
            return
        for batch in arrow_batches(table):
            for start in range(0, len(batch), CHUNK_ROWS):
                chunk = batch.slice(start, CHUNK_ROWS)
                yield _of_arrow(chunk, first, texts, id_column, wanted)
                first += len(chunk)


def read_cells(  # noqa: PLR0913, PLR0917 - the table, and how to read it
    source: Source,
    how: How,
    texts: Collection[str],
    rows: int = PROFILE_ROWS,
    readings: Mapping[str, Reading] = NO_READINGS,
    id_column: str | None = None,
) -> Iterator[Table]:
    """Read a table in chunks. The cells of each chunk decide the kind of its columns.

    A column of texts in one chunk may be a column of numbers in another, unless it is in `texts`. The texts of a column
    in `readings` are read so. Ids are texts.

    Raises:
        TableError: the file cannot be read; the message has the row and the remedy.
    """
    with opened(source, how) as table:
        if table.reading.file_format == "ndjson":
            chunks = ndjson.read_chunks(table.stream, rows, table.stored_bytes)
            for cells in _cells_of_records(chunks, {*texts, *readings}, id_column):
                yield Table(_read(cells.columns, readings), cells.rows)
            return
        for batch in arrow_batches(table):
            for start in range(0, len(batch), rows):
                chunk = batch.slice(start, rows)
                columns = {
                    name: id_words(to_ids(array)[0])
                    if name == id_column
                    else to_cells(array, name, as_text=name in texts or name in readings)
                    for name, array in zip(chunk.schema.names, chunk.columns, strict=True)
                }
                yield Table(_read(columns, readings), len(chunk))


def _read(columns: Mapping[str, Cells], readings: Mapping[str, Reading]) -> dict[str, Cells]:
    return {
        name: read_words(cells, readings[name]) if name in readings and isinstance(cells, Words) else cells
        for name, cells in columns.items()
    }


def _cells_of_records(
    chunks: Iterator[list[dict[str, object]]], texts: Collection[str], id_column: str | None
) -> Iterator[Table]:
    first, types = 1, ndjson.Types()
    for records in chunks:
        rows = len(records)
        cells = {
            column.name: from_objects(column, types, rows, first, as_text=column.name in texts)
            for column in ndjson.to_columns(records)
        }
        if id_column in cells:
            cells[id_column] = id_words([record.get(id_column) for record in records])
        yield Table(cells, rows)
        first += rows


def _of_records(
    records: list[dict[str, object]],
    first: int,
    texts: Collection[str],
    id_column: str | None,
    wanted: Collection[str] | None,
) -> TableChunk:
    names = dict.fromkeys(chain.from_iterable(records))
    ids: Any = None
    if id_column is not None and id_column in names:
        names.pop(id_column)
        ids = [record.get(id_column) for record in records]
    read = [name for name in names if wanted is None or name in wanted]
    columns = {name: _raw([record.get(name) for record in records], name in texts) for name in read}
    return TableChunk(columns, list(names), len(records), first, ids)


def _raw(values: list[Any], as_text: bool) -> Raw:
    """Return the values of JSON as the texts of a file if there is no other value; else with numbers for texts."""
    if set(map(type, values)) <= {str, NoneType}:
        return Words.of(values)
    return values if as_text else numbers_of(values)


def _of_arrow(
    batch: Any, first: int, texts: Collection[str], id_column: str | None, wanted: Collection[str] | None
) -> TableChunk:
    arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
    found = arrays.pop(id_column, None) if id_column is not None else None
    ids, whole = (None, False) if found is None else to_ids(found)
    read = [name for name in arrays if wanted is None or name in wanted]
    cells = {name: to_cells(arrays[name], name, as_text=name in texts) for name in read}
    return TableChunk(cells, list(arrays), len(batch), first, ids, whole)
