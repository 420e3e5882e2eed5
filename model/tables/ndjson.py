"""Reads newline-delimited JSON strictly: one object a line."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, NoReturn

from model import limits
from model.errors import TableError
from model.parsing import first_repeated, shown
from model.tables.bounds import CELL_BYTES, Decoded, check_cell, check_count, check_name, lines, size_of

SCALARS = (str, int, float, bool, type(None))
CHUNK_CELLS = 4_000_000
CHUNK_BYTES = 8 * 1024**2  # of JSON text; the objects take many times as much memory
MOST_DIGITS = 400  # float64 has no larger number
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # the only spelling of a lone surrogate that decodes
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_chunks(stream: BinaryIO, most: int, stored_bytes: int | None = None) -> Iterator[list[dict[str, object]]]:
    """Yield the records of a file in lists of at most `most`; fewer if records are long or have many columns.

    Blank lines are skipped. `stored_bytes` is the size of the file if it is packed.

    Raises: TableError when a line is not a JSON object of numbers, texts, true, false and null, or the table exceeds
    `model.limits`.
    """
    some: list[dict[str, object]] = []
    names: set[str] = set()
    size = 0
    for record, length in _records(stream, stored_bytes):
        names.update(record)
        size += length
        if some and (len(some) == most or (len(some) + 1) * len(names) > CHUNK_CELLS or size > CHUNK_BYTES):
            yield some
            some, names, size = [], set(record), length
        some.append(record)
    if some:
        yield some


def _records(stream: BinaryIO, stored_bytes: int | None) -> Iterator[tuple[dict[str, object], int]]:
    decoded = Decoded(size_of(stream) if stored_bytes is None else stored_bytes)
    names, rows = set[str](), 0
    for number, line in lines(stream):
        if not line.strip():
            continue
        record = _record(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, number)
        if not names.issuperset(record):
            for name in record.keys() - names:
                check_name(name, f"line {number}: a column's name")
            names.update(record)
            check_count(len(names))
        rows += 1
        decoded.check(rows, rows * len(names) * CELL_BYTES)
        yield record, len(line)


def _record(line: bytes, number: int) -> dict[str, object]:
    if number == 1 and line.lstrip()[:1] == b"[":
        raise TableError("line 1 begins a JSON array: write one object a line, without the brackets and commas around")
    try:
        record = json.loads(
            line.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_whole
        )
    except UnicodeDecodeError as error:
        raise TableError(f"line {number} is not UTF-8: save the file as UTF-8") from error
    except RecursionError as error:
        raise TableError(f"line {number} is nested too deeply: write one value a column") from error
    except ValueError as error:
        raise TableError(f"line {number} is not a JSON object of its own: {error}") from error
    if not isinstance(record, dict):
        raise TableError(f"line {number} is not a JSON object: write one {{…}} a line")
    if _ESCAPED_SURROGATE.search(line) and any(_SURROGATE.search(text) for text in _texts(record)):
        raise TableError(f"line {number} holds half of a surrogate pair: write whole characters")
    for name, value in record.items():
        if not isinstance(value, SCALARS):
            raise TableError(f"line {number}: column {shown(name)} holds a list or an object: write one value a column")
        if isinstance(value, str):
            check_cell(len(value), name, f"line {number}")
    return record


def _texts(record: dict[str, object]) -> Iterator[str]:
    for name, value in record.items():
        yield name
        if isinstance(value, str):
            yield value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(f"the name {shown(first_repeated(name for name, _ in pairs))} comes twice")
    if len(members) > limits.COLUMNS:
        raise ValueError(f"it has {len(members):,} names, more than {limits.COLUMNS:,}: leave some out")
    return members


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON: write null for a missing number")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has {len(text):,} digits: write at most {MOST_DIGITS}")
    return int(text)


@dataclass(frozen=True)
class Column:
    """The values of a column, and the positions of the records that have them."""

    name: str
    values: Sequence[object]
    rows: Sequence[int]


def to_columns(records: Sequence[dict[str, object]]) -> Iterator[Column]:
    """Yield the columns of records, each with its present values."""
    counts = Counter(chain.from_iterable(records))
    some: dict[str, tuple[list[object], list[int]]] = {
        name: ([], []) for name, count in counts.items() if count < len(records)
    }
    if some:
        for row, record in enumerate(records):
            for name in some.keys() & record.keys():
                values, rows = some[name]
                values.append(record[name])
                rows.append(row)
    for name in counts:
        if name in some:
            yield Column(name, *some[name])
        else:
            yield Column(name, [record[name] for record in records], range(len(records)))


class Types:
    """The type of the values of each column in the records so far."""

    def __init__(self) -> None:
        self._first: dict[str, dict[type, int]] = {}

    def of(self, column: Column, first_row: int = 1) -> type | None:
        """Return the type of a column's values so far (`float` for any number), `None` if all are missing.

        Raises:
            TableError: two rows have different types.
        """
        first = self._first.setdefault(column.name, {})
        for row, value in zip(column.rows, column.values, strict=True):
            if value is not None:
                first.setdefault(float if type(value) is int else type(value), first_row + row)
        if len(first) > 1:
            (one, here), (two, there) = list(first.items())[:2]
            names = {float: "a number", str: "text", bool: "true or false"}
            raise TableError(
                f"column {column.name!r} holds {names[one]} in row {here} and {names[two]} in row {there}: "
                "use one type only"
            )
        return next(iter(first), None)
