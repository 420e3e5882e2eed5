"""Records as NDJSON, one a line: a faulty line is an error of that record, and the others are scored."""

import re
from itertools import islice
from typing import Any

import msgspec

from app.edge.problems import MOST_PROBLEMS
from app.errors import MalformedError
from app.parsing.strict_json import REFUSED, no_name_twice, parse_json
from app.scoring.customers import MOST_RECORDS, Customers, Records, check_number
from app.scoring.json_request import Cell
from model.errors import Problem

_record = msgspec.json.Decoder(dict[str, Cell])
_LINE = re.compile(rb"\S[^\n]*")  # one that is not blank


def read_ndjson(body: bytes) -> Customers:
    """Read the records; blank lines are skipped. The first 100 faults are explained in full, the others briefly.

    Raises: InputError, TooLargeError.
    """
    lines = _LINE.finditer(body)
    first = list(islice(lines, MOST_RECORDS))
    check_number(len(first) + sum(1 for _ in lines), "")
    records: list[dict[str, object]] = []
    broken: dict[int, Problem] = {}
    for row, found in enumerate(first):
        line = found[0]
        try:
            record: Any = decode(line) or parse_json(line, briefly=len(broken) >= MOST_PROBLEMS)
        except MalformedError as error:
            record, broken[row] = {}, error.problems[0]
        if not isinstance(record, dict):
            record, broken[row] = {}, Problem("", "type", "a line holds one JSON object")
        records.append(record)
    return Records(records, "", broken)


def decode(line: bytes) -> dict[str, Cell] | None:
    """Decode a valid record; return None for an invalid one, whose faults the validator then finds."""
    try:
        record = _record.decode(line)
    except REFUSED:
        return None
    return record if no_name_twice(line, len(record)) else None
