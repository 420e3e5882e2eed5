"""The media type of an uploaded table that was sent as bytes of no named type."""

from pathlib import Path

from model.tables.reader import MEDIA_TYPES

ANY_BYTES = "application/octet-stream"
TABLE_TYPES = (*MEDIA_TYPES, ANY_BYTES)
"""The media types that an upload may have; generated clients and browsers send files as ANY_BYTES."""
_START = 4096
_BLANK = b"\xef\xbb\xbf \t\r\n"  # a byte order mark, and white space of JSON


def media_type_of(path: Path) -> str:
    """Return the media type of a table by its first bytes: Parquet has a mark, a line of NDJSON is an object.

    All other bytes are CSV; the reader of CSV refuses what is none.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    if start.startswith(b"PAR1"):
        return "application/vnd.apache.parquet"
    return "application/x-ndjson" if start.lstrip(_BLANK).startswith(b"{") else "text/csv"
