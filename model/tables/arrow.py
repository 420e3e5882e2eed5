"""CSV and Parquet as Arrow's record batches, with refusals that name the line and what to do."""

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from model.tables.bounds import Decoded, size_of
from model.tables.csv_file import csv_batches
from model.tables.parquet_file import parquet_batches

READERS = {"csv": csv_batches, "parquet": parquet_batches}


def arrow_batches(stream: BinaryIO, file_format: str) -> Iterator[pa.RecordBatch]:
    """Yield a file's rows; all columns of CSV are texts.

    Raises: TableError when the file cannot be read, or is beyond `model.limits`; the message names the place and what
    to do.
    """
    decoded = Decoded(size_of(stream))
    for batch in READERS[file_format](stream, decoded):
        decoded.add(len(batch), batch.num_columns, batch.nbytes)
        yield batch
