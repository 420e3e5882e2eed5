"""Reads CSV and Parquet as record batches of Arrow."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from model.tables.bounds import Decoded, size_of
from model.tables.csv_file import csv_batches
from model.tables.parquet_file import parquet_batches

READERS = {"csv": csv_batches, "parquet": parquet_batches}


def arrow_batches(stream: BinaryIO, file_format: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file. All columns of CSV are texts.

    Raises: TableError when the file cannot be read or exceeds `model.limits`. The message has the place and the remedy.
    """
    decoded = Decoded(size_of(stream))
    for batch in READERS[file_format](stream, decoded):
        decoded.add(len(batch), batch.num_columns, batch.nbytes)
        yield batch
