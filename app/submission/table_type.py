"""The media type of an uploaded table that was sent as bytes of no named type."""

from pathlib import Path

from model.tables.file_reading import MEDIA_TYPES
from model.tables.unpacking import packed_type

ANY_BYTES = "application/octet-stream"
TABLE_TYPES = (*MEDIA_TYPES, ANY_BYTES)
"""The media types that an upload may have; generated clients and browsers send files as ANY_BYTES."""
_START = 4096
_BLANK = b"\xef\xbb\xbf \t\r\n"  # a byte order mark, and white space of JSON


def media_type_of(path: Path) -> str:
    """Return the media type of a table by its first bytes: some formats have a mark, a line of NDJSON is an object.

    All other bytes are CSV; the reader of CSV refuses what is none.

    Raises: TableError for a damaged zip file.
    """
    with path.open("rb") as file:
        start = file.read(_START)
        if (packed := packed_type(file)) is not None:
            return packed
    if start.startswith(b"PAR1"):
        return "application/vnd.apache.parquet"
    return "application/x-ndjson" if start.lstrip(_BLANK).startswith(b"{") else "text/csv"
