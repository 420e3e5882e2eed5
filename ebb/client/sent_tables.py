"""Tables to send: files as they are, and DataFrames as Parquet."""

from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ebb.frames import parquet_bytes
from model.tables.file_reading import MEDIA_TYPES
from model.tables.reader import format_of

TableToSend: TypeAlias = "Path | str | Any"
"""A path, a pandas DataFrame, or another table that Arrow reads."""

PARQUET = "application/vnd.apache.parquet"


class Sent(NamedTuple):
    """The body of an upload, its type, and the name of the dataset."""

    content: bytes | Path
    media_type: str
    name: str


def to_send(table: TableToSend) -> Sent:
    """Return a file, or the Parquet bytes of a table in memory.

    Raises: TableError when the format of the file is unknown, or the table cannot be written.
    """
    if isinstance(table, str | Path):
        path = Path(table)
        return Sent(path, media_type_of(path), path.stem)
    return Sent(parquet_bytes(table), PARQUET, "table")


def media_type_of(path: Path) -> str:
    """Return the media type of a file by the ending of its name.

    Raises: TableError when the ending is unknown.

    Example:
        >>> media_type_of(Path("customers.csv"))
        'text/csv'
    """
    file_format = format_of(path)
    return next(media_type for media_type, name in MEDIA_TYPES.items() if name == file_format)
