"""Delimiters of CSV files: finds the delimiter in the first lines."""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from model.errors import TableError
from model.tables.file_reading import DELIMITERS

COMPARED = 20  # rows that are compared with the header
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # a line for spreadsheets

SEP_CHARACTERS = 8  # of such a line


class FoundDelimiter(NamedTuple):
    """The name of a delimiter, and those of other possible ones."""

    name: str
    others: tuple[str, ...] = ()


def find_delimiter(start: str, *, whole: bool) -> FoundDelimiter:
    r"""Return the delimiter that gives the header more than one column, and each row as many cells as the header.

    `start` is the beginning of the file, or the `whole` file. Among several, the one with the most columns is chosen,
    and the others are returned. A line such as `sep=;` before the header decides.

    Raises: TableError when such a line names another delimiter.

    Example:
        >>> find_delimiter("months;charge\n3;1,5\n", whole=True)
        FoundDelimiter(name='semicolon', others=())
        >>> find_delimiter("a,b;c\n", whole=True)
        FoundDelimiter(name='comma', others=('semicolon',))
    """
    if (named := SEP_LINE.match(start)) is not None:
        for name, mark in DELIMITERS.items():
            if mark == named[1]:
                return FoundDelimiter(name)
        raise TableError(f"line 1 names the delimiter {named[1]!r}: separate columns by {', '.join(DELIMITERS)}")
    widths = {name: _widths(start, mark, whole) for name, mark in DELIMITERS.items()}
    wide = {name: found for name, found in widths.items() if found and found[0] > 1}
    agreeing = {name: found for name, found in wide.items() if len(set(found)) == 1}
    order = sorted(agreeing or wide or {"comma": [1]}, key=lambda name: -max(widths[name], default=0))
    return FoundDelimiter(order[0], tuple(order[1:]))


def skipped_lines(start: str) -> int:
    """Return how many lines stand before the header: 1 if there is a `sep=` line."""
    return 0 if SEP_LINE.match(start) is None else 1


def records(start: str, mark: str) -> Iterator[list[str]]:
    """Yield the records at the beginning of a file, without blank lines and a `sep=` line.

    Raises: csv.Error.
    """
    named = SEP_LINE.match(start)
    begin = 0 if named is None else named.end()
    return filter(None, csv.reader((line[0] for line in LINE.finditer(start, begin)), delimiter=mark))


def _widths(start: str, mark: str, whole: bool) -> list[int]:
    """Return the number of cells of the first records; blank ones have no cells, and a cut one does not count."""
    try:
        counts = [len(record) for record in islice(records(start, mark), COMPARED + 1)]
    except csv.Error:
        return []
    return counts if whole or len(counts) > COMPARED else counts[: max(1, len(counts) - 1)]
