"""Records one a line: what is wrong with a line is that record's error, and the others are scored."""

from app.edge.strict_json import parse_json
from app.errors import MalformedError
from app.scoring.customers import Customers, check_number
from app.scoring.quick_json import QuickReader
from model.errors import Problem


def read_ndjson(body: bytes, reader: QuickReader | None) -> Customers:
    """Read the records; lines that are blank are none.

    Raises: InputError, TooLargeError.
    """
    quick = reader and reader.read_lines(body)
    if quick:
        return quick
    lines = [line for line in body.split(b"\n") if line.strip()]
    check_number(len(lines), "")
    records: list[dict[str, object]] = []
    broken: dict[int, Problem] = {}
    for row, line in enumerate(lines):
        try:
            record = parse_json(line)
        except MalformedError as error:
            record, broken[row] = {}, error.problems[0]
        if not isinstance(record, dict):
            record, broken[row] = {}, Problem("", "type", "a line holds one JSON object")
        records.append(record)
    return Customers.of_records(records, "", broken)
