"""Tables in memory, such as pandas DataFrames and arrays, as Parquet bytes; and reasons as a DataFrame."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from model.errors import TableError
from model.estimator import Reason


def parquet_bytes(table: Any) -> bytes:
    """Return a pandas DataFrame, an array of numbers, or another table that Arrow reads, as Parquet; without an index.

    Raises: TableError when a column cannot be written.
    """
    out = BytesIO()
    try:
        pyarrow.parquet.write_table(_arrow(table), out)
    except (pa.ArrowException, TypeError) as error:
        raise TableError(f"the table cannot be read: {error}. Give each column values of one type") from error
    return out.getvalue()


def with_column(table: Any, name: str, values: np.ndarray) -> Any:
    """Return the table with another column at its end.

    Raises: TableError when the table has a column of this name.
    """
    arrow = _arrow(table)
    if name in arrow.column_names:
        raise TableError(f"X has a column {name!r}, which is the name of the target: leave it out, or rename y")
    return arrow.append_column(name, pa.array(values))


def is_table(table: Any) -> bool:
    """Tell whether this is a DataFrame, or another table with named columns."""
    return _is_frame(table) or hasattr(table, "__arrow_c_stream__")


def index_of(table: Any) -> Any:
    """Return the index of a DataFrame of pandas; None for another table."""
    return table.index if _is_frame(table) else None


def frame_of_reasons(reasons: Sequence[Sequence[Reason]], index: Any) -> Any:
    """Return a DataFrame with a line a reason, each with the index of its row."""
    import pandas as pd  # noqa: PLC0415 - only a user of pandas has an index

    counts = [len(each) for each in reasons]
    return pd.DataFrame(
        [reason for each in reasons for reason in each], columns=list(Reason._fields), index=index.repeat(counts)
    )


def frame_of_calls(calls: Iterable[Mapping[str, Any]], id_name: str, reasons: int, *, valued: bool) -> Any:
    """Return a DataFrame with a line a customer to call: the id or the number of the row, the risk, the reasons."""
    import pandas as pd  # noqa: PLC0415 - only a user of pandas asks for a DataFrame

    figures = ["churn_probability", *(["customer_value", "expected_profit"] if valued else [])]
    names = [id_name, *figures, *(f"reason_{place}" for place in range(1, reasons + 1))]
    rows = []
    for call in calls:
        texts = [reason["text"] for reason in call["reasons"]]
        who = call.get("customer_id", call.get("row"))
        rows.append([who, *(call[name] for name in figures), *texts, *[None] * (reasons - len(texts))])
    return pd.DataFrame(rows, columns=names)


def _arrow(table: Any) -> Any:
    if isinstance(table, np.ndarray):
        return pa.table({f"x{column}": values for column, values in enumerate(table.T)})
    if _is_frame(table):
        return pa.Table.from_pandas(table, preserve_index=False)
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(f"give the path of a file, or a DataFrame, not {type(table).__name__}")
    return pa.table(table)


def _is_frame(table: Any) -> bool:
    """Tell whether this is a DataFrame of pandas, which need not be installed."""
    return type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns")
