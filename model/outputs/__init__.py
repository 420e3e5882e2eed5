"""Writes scored customers as files, a few thousand rows at a time; each module has one format.

The same customers and the same version give the same bytes.
"""

from model.outputs.csv_output import CsvOutput
from model.outputs.ndjson_output import NdjsonOutput
from model.outputs.output import Layout, Output
from model.outputs.parquet_output import ParquetOutput

OUTPUTS: dict[str, type[Output]] = {
    "csv": CsvOutput,
    "ndjson": NdjsonOutput,
    "parquet": ParquetOutput,
}

__all__ = ["OUTPUTS", "Layout", "Output"]
