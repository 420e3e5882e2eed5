"""The customers of a scoring request as columns, however they came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.edge.pointers import pointer
from app.errors import InputError, TooLargeError
from app.shapes.scores import ScoreRequest
from model.errors import Problem

MOST_RECORDS = 10_000


@dataclass(frozen=True)
class Customers:
    """Columns of the same length, and how to point at a value in the request they came from.

    `place` takes a row and the pointer of a column. A column that came for some records only is None in the others, and
    `bringing` tells which rows did bring it.
    """

    columns: Mapping[str, Sequence[object]]
    n: int
    place: Callable[[int, str], str]
    bringing: Callable[[str], Sequence[int]]


def read_customers(request: ScoreRequest) -> Customers:
    """Take the customers out of a request.

    Raises: InputError, TooLargeError.
    """
    if request.records is not None and request.columns is None:
        customers = _from_records(request.records)
    elif request.columns is not None and request.records is None:
        customers = _from_columns(request.columns)
    else:
        raise InputError.of([Problem("", "missing", "give either records or columns")])
    if customers.n == 0:
        where = "/records" if request.columns is None else "/columns"
        raise InputError.of([Problem(where, "empty", "there is no customer to score")])
    if customers.n > MOST_RECORDS:
        raise TooLargeError(
            f"{customers.n:,} customers are more than the {MOST_RECORDS:,} of one request; "
            "send several, or score a file with `ebb score`"
        )
    return customers


def _from_records(records: Sequence[Mapping[str, object]]) -> Customers:
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    return Customers(
        columns={name: [record.get(name) for record in records] for name in names},
        n=len(records),
        place=lambda row, column: f"/records/{row}{column}",
        bringing=lambda name: [row for row, record in enumerate(records) if name in record],
    )


def _from_columns(columns: Mapping[str, Sequence[object]]) -> Customers:
    n = max((len(values) for values in columns.values()), default=0)
    ragged = [
        Problem("/columns" + pointer(name), "length", f"has {len(values)} values where another column has {n}")
        for name, values in columns.items()
        if len(values) != n
    ]
    if ragged:
        raise InputError.of(ragged)
    return Customers(
        columns=columns,
        n=n,
        place=lambda row, column: f"/columns{column}/{row}",
        bringing=lambda name: range(n),
    )
