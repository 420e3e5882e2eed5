"""Writes scored customers as files, a few thousand rows at a time; each module has one format.

The same customers and the same version give the same bytes.
"""

from pathlib import Path

from model.outputs.csv_output import CsvOutput
from model.outputs.ndjson_output import NdjsonOutput
from model.outputs.output import Layout, Output
from model.outputs.parquet_output import ParquetOutput

OUTPUTS: dict[str, type[Output]] = {
    "csv": CsvOutput,
    "ndjson": NdjsonOutput,
    "parquet": ParquetOutput,
}


def output_of(path: Path) -> str:
    """Return the name of the output that the ending of a file's name asks for; CSV by default.

    Example:
        >>> output_of(Path("scores.parquet")), output_of(Path("scores.xls"))
        ('parquet', 'csv')
    """
    named = path.suffix.lower().removeprefix(".")
    return {"jsonl": "ndjson"}.get(named, named if named in OUTPUTS else "csv")


__all__ = ["OUTPUTS", "Layout", "Output", "output_of"]
