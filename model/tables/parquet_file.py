"""Reads Parquet as record batches. The size of a batch is bounded before it is decoded.

A few bytes of Parquet may decode to gigabytes: a dictionary has a text once, and a million rows refer to it. So the
longest text of each dictionary is read first. It sets the number of rows that are decoded at once. The sizes that the
file declares allow an early refusal. The limits are checked again on decoded batches.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet

from model import limits
from model.errors import TableError
from model.tables.bounds import CELL_BYTES, Decoded, check_count, check_names, size_of
from model.tables.converting import to_cells
from model.tables.texts import check_dictionary, check_texts, is_text, longest, plain_type

BATCH_ROWS = 16_384
PANDAS_INDEX = re.compile(r"__index_level_\d+__")  # the name that pandas gives to an index without a name
BUFFERED_BYTES = 32 * 1024**2  # of the compressed file, shared by all columns
LEAST_BUFFER = 4096
WIDEST_NUMBER = 32  # bytes of a decimal
LONGEST_TEXT = 4 * limits.CELL_CHARACTERS  # in UTF-8
DICTIONARY_ENCODINGS = {"PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE", "BIT_PACKED"}
"""Encodings that store each text of the table in the file, or in a dictionary."""


def parquet_batches(stream: BinaryIO, decoded: Decoded) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file.

    Raises: TableError when the file cannot be read or exceeds `model.limits`.
    """
    try:
        yield from _batches(stream, decoded)
    except pa.ArrowMemoryError:  # not an error of the file
        raise
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # an error of the disk: for a damaged file pyarrow sets no errno
        raise TableError(f"this is not a Parquet file that can be read: {error}") from error


def _batches(stream: BinaryIO, decoded: Decoded) -> Iterator[pa.RecordBatch]:
    file = _opened(stream)
    check_count(file.metadata.num_columns)
    check_names(file.schema_arrow.names)
    _check_types(file)
    decoded.check(file.metadata.num_rows, _declared(file.metadata))
    index = [name for name in file.schema_arrow.names if PANDAS_INDEX.fullmatch(name)]
    for batch in _joined(_pieces(stream, file)):
        check_texts(batch, decoded.rows)
        batch.validate(full=True)  # also refuses texts that are not UTF-8
        yield batch.drop_columns(index) if index else batch


def _joined(pieces: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Join small batches, because each has a fixed cost."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for piece in pieces:
        held.append(piece)
        rows, size = rows + len(piece), size + piece.nbytes
        if rows >= BATCH_ROWS or size >= limits.BATCH_BYTES:
            yield pa.concat_batches(held)
            held, rows, size = [], 0, 0
    if held:
        yield pa.concat_batches(held)


def _pieces(stream: BinaryIO, file: Any) -> Iterator[pa.RecordBatch]:
    """Yield batches without dictionaries. Long texts make batches of fewer rows."""
    types = list(map(plain_type, file.schema_arrow.types))
    plain = pa.schema(zip(file.schema_arrow.names, types, strict=True))
    texts = [i for i, each in enumerate(types) if is_text(each) and _has_dictionary(file.metadata, i)]
    words = _opened(stream, metadata=file.metadata, read_dictionary=texts)
    first_row = 1
    for group in range(file.metadata.num_row_groups):
        rows = _rows_at_once(words, group, texts, first_row)
        for batch in file.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
            yield batch.cast(plain)
            first_row += len(batch)


def _opened(stream: BinaryIO, metadata: Any = None, **options: Any) -> Any:
    size = size_of(stream)
    columns = 1 if metadata is None else metadata.num_columns
    return pa.parquet.ParquetFile(
        stream,
        metadata=metadata,
        pre_buffer=False,  # otherwise memory holds all compressed bytes of a row group
        buffer_size=max(BUFFERED_BYTES // columns, LEAST_BUFFER),
        thrift_string_size_limit=size,  # nothing in the footer is larger than the file
        thrift_container_size_limit=size,
        **options,
    )


def _check_types(file: Any) -> None:
    """Refuse types that Ebb does not use, such as lists, before their values are decoded.

    Raises: TableError.
    """
    known: set[Any] = set()
    for field in file.schema_arrow:
        if field.type not in known:
            to_cells(pa.array([], plain_type(field.type)), field.name, as_text=False)
            known.add(field.type)
    for place in range(file.metadata.num_columns):
        column = file.schema.column(place)
        if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and column.length > WIDEST_NUMBER:
            raise TableError(f"column {column.name!r} holds values of {column.length:,} bytes: use numbers or texts")


def _declared(metadata: Any) -> int:
    """Return the decoded size in bytes that the file declares."""
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    cells = metadata.num_rows * metadata.num_columns * CELL_BYTES
    return int(max(cells, sum(max(group.total_byte_size, 0) for group in groups)))


def _rows_at_once(words: Any, group: int, texts: Sequence[int], first_row: int) -> int:
    """Return the number of rows of a group to decode at once, by the longest text of each dictionary.

    Raises: TableError when a text is too long.
    """
    schema = words.schema
    others = set(range(len(schema))).difference(texts)
    long_texts = sum(schema.column(place).physical_type == "BYTE_ARRAY" for place in others)
    width = CELL_BYTES * len(schema) + LONGEST_TEXT * long_texts
    names = [schema.column(place).name for place in texts]
    for batch in words.iter_batches(batch_size=1, row_groups=[group], columns=names, use_threads=False):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            check_dictionary(column.dictionary, name, first_row)
            width += longest(column.dictionary)
        break
    return int(max(1, min(BATCH_ROWS, limits.BATCH_BYTES // width)))


def _has_dictionary(metadata: Any, place: int) -> bool:
    groups = (metadata.row_group(group) for group in range(metadata.num_row_groups))
    return all(DICTIONARY_ENCODINGS.issuperset(group.column(place).encodings) for group in groups)
