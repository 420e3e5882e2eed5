"""Newline-delimited JSON: one object a line, read strictly."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from model.errors import TableError
from model.names import check_column_name

SCALARS = (str, int, float, bool, type(None))
MOST_DIGITS = 400  # float64 holds no larger number
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # decoded bytes hold a lone one in no other spelling
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_records(stream: BinaryIO) -> Iterator[dict[str, object]]:
    """Yield one record a line; blank lines are skipped.

    Raises: TableError when a line is not a JSON object of numbers, texts, true, false and null.
    """
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield _record(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, number)


def _record(line: bytes, number: int) -> dict[str, object]:
    try:
        record = json.loads(
            line.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_whole
        )
    except UnicodeDecodeError as error:
        raise TableError(f"line {number} is not UTF-8: save the file as UTF-8") from error
    except RecursionError as error:
        raise TableError(f"line {number} is nested too deep: write one value a column") from error
    except ValueError as error:
        raise TableError(f"line {number} is not a JSON object of its own: {error}") from error
    if not isinstance(record, dict):
        raise TableError(f"line {number} is not a JSON object: write one {{…}} a line")
    if _ESCAPED_SURROGATE.search(line) and any(_SURROGATE.search(text) for text in _texts(record)):
        raise TableError(f"line {number} holds half of a surrogate pair, which is no text: write whole characters")
    for name, value in record.items():
        if not isinstance(value, SCALARS):
            raise TableError(f"line {number}: column {name!r} holds a list or an object: write one value a column")
    return record


def _texts(record: dict[str, object]) -> Iterator[str]:
    for name, value in record.items():
        yield name
        if isinstance(value, str):
            yield value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} comes twice")
    return members


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON: write null for a missing number")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has {len(text):,} digits: write at most {MOST_DIGITS}")
    return int(text)


def to_columns(records: list[dict[str, object]]) -> dict[str, list[object]]:
    """Return records turned into columns; a name that a record lacks is `None` there."""
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    for name in names:
        check_column_name(name)
    return {name: [record.get(name) for record in records] for name in names}


class Types:
    """What type each column's values are of, as far as they were looked at."""

    def __init__(self) -> None:
        self._first: dict[str, dict[type, int]] = {}

    def of(self, values: list[object], column: str, first_row: int = 1) -> type | None:
        """The one type of a column's values so far (`float` for any number), `None` if all are missing.

        Raises:
            TableError: two rows hold different types.
        """
        first = self._first.setdefault(column, {})
        for row, value in enumerate(values, start=first_row):
            if value is not None:
                first.setdefault(float if type(value) is int else type(value), row)
        if len(first) > 1:
            (one, here), (two, there) = list(first.items())[:2]
            names = {float: "a number", str: "text", bool: "true or false"}
            raise TableError(
                f"column {column!r} holds {names[one]} in row {here} and {names[two]} in row {there}: "
                "use one of them only"
            )
        return next(iter(first), None)
