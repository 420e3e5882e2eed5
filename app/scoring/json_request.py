"""A scoring request in JSON: customers as records or column by column, and the options."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from app.errors import InputError
from app.parsing.json_pointer import pointer
from app.parsing.request_parsing import typed
from app.parsing.strict_json import REFUSED, check_containers, no_name_twice, parse_json
from app.schemas.customer_scores import EconomicsRequest, Explain, ScoreRequest
from app.scoring.customers import Columns, Customers, Records, check_names, check_number
from model.errors import Problem
from model.estimator import Direction, Estimator

Cell = str | int | float | bool | None


class _Flat(msgspec.Struct, forbid_unknown_fields=True):
    """A valid request: records are objects, and cells are neither objects nor lists."""

    records: list[dict[str, Cell]] | UnsetType = UNSET
    columns: dict[str, list[Cell]] | UnsetType = UNSET
    explain: Explain | UnsetType = UNSET
    direction: Direction | UnsetType | None = UNSET
    economics: dict[str, Cell] | UnsetType = UNSET


_flat = msgspec.json.Decoder(_Flat)


def read_json(body: bytes, estimator: Estimator) -> tuple[Customers, ScoreRequest]:
    """Read the customers of a request, and the request with its options.

    Raises: MalformedError, InputError, TooLargeError.
    """
    check_containers(body)
    request = decode(body) or typed(parse_json(body), ScoreRequest)
    return _customers(request, estimator), request


def decode(body: bytes) -> ScoreRequest | None:
    """Decode a valid request; return None for an invalid one, whose faults the validator then finds."""
    try:
        flat = _flat.decode(body)
        given = {name: value for name in flat.__struct_fields__ if (value := getattr(flat, name)) is not UNSET}
        if "economics" in given:
            given["economics"] = msgspec.convert(flat.economics, EconomicsRequest)
    except REFUSED:
        return None
    members = sum(map(len, flat.records or ())) + len(flat.columns or ()) + len(flat.economics or ())
    return ScoreRequest(**given) if no_name_twice(body, len(given) + members) else None


def _customers(request: ScoreRequest, estimator: Estimator) -> Customers:
    if request.records is not None and request.columns is None:
        check_number(len(request.records), "/records")
        return _records(request.records)
    if request.columns is None or request.records is not None:
        raise InputError.of([Problem("", "missing", "give either records or columns")])
    check_names(request.columns, estimator.known, "/columns")
    n = max(map(len, request.columns.values()), default=0)
    ragged = [
        Problem("/columns" + pointer(name), "length", f"has {len(values)} values where another column has {n}")
        for name, values in request.columns.items()
        if len(values) != n
    ]
    if ragged:
        raise InputError.of(ragged)
    check_number(n, "/columns")
    return Columns(request.columns, n)


def _records(records: list[Any]) -> Records:
    if set(map(type, records)) == {dict}:
        return Records(records, "/records")
    broken = {
        row: Problem("", "type", "a record is a JSON object")
        for row, record in enumerate(records)
        if not isinstance(record, dict)
    }
    return Records([{} if row in broken else record for row, record in enumerate(records)], "/records", broken)
