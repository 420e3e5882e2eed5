"""Reads CSV, Parquet and XLSX as record batches of Arrow."""

from collections.abc import Iterator

import pyarrow as pa

from model.tables.bounds import Decoded
from model.tables.csv_file import csv_batches
from model.tables.file_reading import DELIMITERS
from model.tables.opening import OpenTable
from model.tables.parquet_file import parquet_batches
from model.tables.workbook import xlsx_batches


def arrow_batches(table: OpenTable) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table. All columns of CSV and XLSX are texts.

    Raises: TableError when the file cannot be read or exceeds `model.limits`. The message has the place and the remedy.
    """
    decoded = Decoded(table.stored_bytes)
    for batch in _batches(table, decoded):
        decoded.add(len(batch), batch.num_columns, batch.nbytes)
        yield batch


def _batches(table: OpenTable, decoded: Decoded) -> Iterator[pa.RecordBatch]:
    reading = table.reading
    if reading.file_format == "csv":
        return csv_batches(table.stream, decoded, DELIMITERS[reading.delimiter or "comma"])
    if reading.file_format == "xlsx":
        return xlsx_batches(table.stream, decoded, str(reading.sheet))
    return parquet_batches(table.stream, decoded)
