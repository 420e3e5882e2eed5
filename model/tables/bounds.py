"""Checks a table against `model.limits` while it is read. Errors have the place and the remedy."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from model import limits
from model.errors import TableError
from model.names import check_column_name

CELL_BYTES = 8
"""The bytes of a decoded cell; a longer text takes its own bytes."""


def check_count(columns: int) -> None:
    """Refuse too many columns.

    Raises: TableError.
    """
    if columns > limits.COLUMNS:
        raise TableError(
            f"the table has {columns:,} columns, more than {limits.COLUMNS:,}: leave out those without information "
            "about customers"
        )


def check_names(names: Sequence[str]) -> None:
    """Refuse too many columns, and names that are empty, too long or repeated.

    Raises: TableError.
    """
    check_count(len(names))
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name.strip():
            index = " (pandas' index? write the file with index=False)" if number == 1 else ""
            raise TableError(f"column {number} has no name{index}: name every column")
        check_name(name, f"the name of column {number}")
        if name in seen:
            raise TableError(f"two columns are named {name!r}: give each column its own name")
        seen.add(name)


def check_name(name: str, what: str) -> None:
    """Refuse the name of a column that is too long or has a forbidden character.

    Raises: TableError.
    """
    if len(name) > limits.NAME_CHARACTERS:
        raise TableError(f"{what} begins with {name[:40]!r} and {_too_long(len(name), limits.NAME_CHARACTERS)}")
    check_column_name(name)


def check_cell(characters: int, column: str, where: str) -> None:
    """Refuse a text that is too long for a cell.

    Raises: TableError.
    """
    if characters > limits.CELL_CHARACTERS:
        problem = _too_long(characters, limits.CELL_CHARACTERS)
        raise TableError(f"{where}: the text of column {column!r} {problem}, or leave the column out")


class Decoded:
    """Counts the decoded rows and bytes of a file, and refuses more than a file of its size may hold."""

    def __init__(self, file_bytes: int, most_rows: int = limits.ROWS) -> None:
        self._file, self._most_rows = file_bytes, most_rows
        self._most = limits.DECODED_BYTES + limits.DECODED_TIMES * file_bytes
        self.rows = 0
        self._bytes = 0

    def add(self, rows: int, columns: int, known: int = 0) -> None:
        """Count rows. They take `known` bytes, or CELL_BYTES a cell if that is more.

        Raises: TableError when rows or bytes exceed the limits.
        """
        self.rows += rows
        self._bytes += max(known, rows * columns * CELL_BYTES)
        self.check(self.rows, self._bytes)

    def check(self, rows: int, size: int) -> None:
        """Refuse a table with too many rows or bytes.

        Raises: TableError.
        """
        if rows > self._most_rows:
            raise TableError(f"the table has more than {self._most_rows:,} rows: split it into several files")
        if size > self._most:
            raise TableError(
                f"the file of {self._file:,} bytes decodes to {size:,} bytes or more, beyond the {self._most:,} that "
                "its size allows: leave out columns that are empty or always the same, or write it as CSV"
            )


def size_of(stream: BinaryIO) -> int:
    """Return the size of a file in bytes, and move to its beginning."""
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers; refuse a line that is too long.

    Raises: TableError.
    """
    number = 0
    while line := stream.readline(limits.LINE_BYTES + 1):
        number += 1
        if len(line) > limits.LINE_BYTES:
            raise line_too_long(number)
        yield number, line


def line_too_long(number: int) -> TableError:
    """Return the error of a line that is too long."""
    return TableError(
        f"line {number} is longer than {limits.LINE_BYTES:,} bytes: write one customer a line, with shorter texts or "
        "fewer columns"
    )


def _too_long(characters: int, most: int) -> str:
    return f"has {characters:,} characters: shorten it to {most:,} at most"
