"""Reads the first rows of a table as they are written, to show them."""

from dataclasses import dataclass

from model.columns.cells import Days, Flags, Numbers, Words
from model.columns.encoder import Raw
from model.tables.opening import How, Source
from model.tables.reader import read_chunks

MOST_CHARACTERS = 80
"""A longer text is cut, and ends in …"""


@dataclass(frozen=True)
class FirstRows:
    """The names of a table's columns, and the texts of its first rows; an empty text is a missing value."""

    names: list[str]
    rows: list[list[str]]


def read_first_rows(source: Source, how: How, most: int) -> FirstRows:
    """Return at most `most` rows.

    Raises: TableError when the file cannot be read.
    """
    chunk = next(read_chunks(source, how, (), wanted=()), None)
    if chunk is None:
        return FirstRows([], [])
    names = list(chunk.names)
    chunk = next(read_chunks(source, how, names))
    rows = range(min(most, chunk.rows))
    return FirstRows(names, [[_text(chunk.columns[name], row) for name in names] for row in rows])


def _text(raw: Raw, row: int) -> str:
    value = raw.scalar(row) if isinstance(raw, Numbers | Flags | Days | Words) else raw[row]
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
