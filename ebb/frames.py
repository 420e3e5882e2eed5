"""Tables in memory, such as pandas DataFrames, as Parquet bytes."""

from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from model.errors import TableError


def parquet_bytes(table: Any) -> bytes:
    """Return a pandas DataFrame, an Arrow table, or another table that Arrow reads, as Parquet; without an index.

    Raises: TableError when a column cannot be written.
    """
    out = BytesIO()
    try:
        pyarrow.parquet.write_table(arrow_table(table), out)
    except (pa.ArrowException, TypeError) as error:
        raise TableError(f"the table cannot be read: {error}. Give each column values of one type") from error
    return out.getvalue()


def arrow_table(table: Any) -> Any:
    """Return a table of Arrow; the index of a DataFrame is no column."""
    if is_frame(table):
        return pa.Table.from_pandas(table, preserve_index=False)
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(f"give the path of a file, or a DataFrame, not {type(table).__name__}")
    return pa.table(table)


def is_frame(table: Any) -> bool:
    """Tell whether this is a pandas DataFrame; pandas need not be installed."""
    return type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns")
