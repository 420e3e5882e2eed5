"""Records as CSV: a line of names, then one record a line.

Source: RFC 4180.
"""

import csv
from collections import Counter
from collections.abc import Collection, Mapping, Sequence, Set
from io import StringIO
from itertools import islice

from app.errors import InputError, MalformedError
from app.parsing.json_pointer import pointer
from app.scoring.customers import MOST_RECORDS, Customers, check_names, check_number, id_names, unknown_in_all_rows
from model.columns.cells import Words
from model.columns.encoder import Raw
from model.errors import Problem
from model.estimator import Estimator
from model.tables.delimiters import SEP_CHARACTERS, skipped_lines


class CsvRecords(Customers):
    """Customers that were sent as lines, all with the same columns; every cell is a text."""

    def __init__(
        self,
        names: Sequence[str],
        lines: Sequence[Sequence[str]],
        ids: Collection[str],
        problems: Mapping[int, Problem],
    ) -> None:
        super().__init__(len(lines), problems)
        self._places = {name: place for place, name in enumerate(names)}
        self._lines = lines
        self._ids = ids

    @property
    def names(self) -> Collection[str]:
        return self._places

    def columns(self, names: Collection[str], rows: slice) -> dict[str, Raw]:
        return {name: self._cells(name, self._lines[rows]) for name in names if name in self._places}

    def _cells(self, name: str, lines: Sequence[Sequence[str]]) -> Raw:
        place = self._places[name]
        texts = [line[place] for line in lines]
        return [text or None for text in texts] if name in self._ids else Words.of(texts)

    def unknown(self, names: Set[str]) -> Mapping[int, str]:
        return unknown_in_all_rows(self._places, names, self.n)

    def place(self, row: int, column: str) -> str:
        return f"/{row}{column}"


def read_csv(body: bytes, estimator: Estimator, delimiter: str = ",") -> Customers:
    """Read the records; an empty cell is a missing value; a line without any value is skipped.

    Raises: MalformedError, InputError, TooLargeError.
    """
    try:
        text = StringIO(body.decode("utf-8-sig"), newline="")
        skipped = skipped_lines(text.read(SEP_CHARACTERS))
        text.seek(0)
        for _ in range(skipped):
            text.readline()
        lines = csv.reader(text, strict=True, delimiter=delimiter)
        names = next(lines, [])
        rows = list(islice(filter(any, lines), MOST_RECORDS + 1))
        more = sum(1 for _ in filter(any, lines))
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} of the body is not valid UTF-8", "encoding") from error
    except csv.Error as error:
        found = "a quote is never closed" if "unexpected end" in str(error) else error
        raise _malformed(f"line {lines.line_num} is not CSV: {found}", "malformed") from error
    _check_header(names, estimator)
    check_number(len(rows) + more, "")
    problems = {row: _ragged(len(cells), len(names)) for row, cells in enumerate(rows) if len(cells) != len(names)}
    empty = [""] * len(names)
    for row in problems:
        rows[row] = empty
    return CsvRecords(names, rows, id_names(estimator), problems)


def _check_header(names: Sequence[str], estimator: Estimator) -> None:
    check_names(names, estimator.known, "/header")
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise InputError.of(Problem("/header" + pointer(name), "duplicate", "the name comes twice") for name in twice)


def _ragged(cells: int, names: int) -> Problem:
    return Problem("", "length", f"the line has {cells} cells where the first line names {names} columns")


def _malformed(detail: str, code: str) -> MalformedError:
    return MalformedError(detail, [Problem("", code, detail)])
