"""Records as CSV: a line of names, then one record a line.

Source: RFC 4180.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from app.edge.pointers import pointer
from app.errors import InputError, MalformedError
from app.scoring.customers import MOST_RECORDS, Customers, check_number
from model.columns.cells import Words
from model.columns.encoder import Raw
from model.errors import Problem


def read_csv(body: bytes, id_column: str) -> Customers:
    """Read the records; an empty cell is a missing value, a line without any cell is no record.

    Raises: MalformedError, InputError, TooLargeError.
    """
    try:
        lines = csv.reader(StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        names = next(lines, [])
        rows = list(islice(filter(None, lines), MOST_RECORDS + 1))
        more = sum(1 for _ in filter(None, lines))
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} of the body is not valid UTF-8", "encoding") from error
    except csv.Error as error:
        found = "a quote is never closed" if "unexpected end" in str(error) else error
        raise _malformed(f"line {lines.line_num} is not CSV: {found}", "malformed") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError.of(Problem("/header" + pointer(name), "duplicate", "the name comes twice") for name in twice)
    check_number(len(rows) + more, "")
    broken = {row: _ragged(len(cells), len(names)) for row, cells in enumerate(rows) if len(cells) != len(names)}
    for row in broken:
        rows[row] = [""] * len(names)
    columns = {name: _cells(texts, name == id_column) for name, texts in zip(names, _columns(rows), strict=True)}
    return Customers.of_rows(columns, len(rows), "", broken)


def _columns(rows: list[list[str]]) -> Iterator[tuple[str, ...]]:
    return zip(*rows, strict=True)


def _cells(texts: tuple[str, ...], are_ids: bool) -> Raw:
    return [text or None for text in texts] if are_ids else Words.of(texts)


def _ragged(cells: int, names: int) -> Problem:
    return Problem("", "length", f"the line has {cells} cells where the first line names {names} columns")


def _malformed(detail: str, code: str) -> MalformedError:
    return MalformedError(detail, [Problem("", code, detail)])
