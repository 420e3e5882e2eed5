"""The customers of a scoring request as columns, however they came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.edge.pointers import pointer
from app.errors import InputError, TooLargeError
from app.shapes.scores import ScoreRequest
from model.columns.encoder import Raw
from model.errors import Problem

CUSTOMER_ID = "customer_id"
MOST_RECORDS = 10_000


@dataclass(frozen=True)
class Customers:
    """Columns of the same length, and how to point at a value in the request they came from.

    `place` takes a row and the pointer of a column. A column that came for some records only is None in the others, and
    `bringing` tells which rows did bring it. `broken` says of rows why nothing could be read of them.
    """

    columns: Mapping[str, Raw]
    n: int
    place: Callable[[int, str], str]
    bringing: Callable[[str], Sequence[int]]
    broken: Mapping[int, Problem] = field(default_factory=dict)

    @classmethod
    def of_rows(
        cls, columns: Mapping[str, Raw], n: int, at: str = "", broken: Mapping[int, Problem] | None = None
    ) -> "Customers":
        """Return customers that came row by row, all with the same columns."""
        return cls(columns, n, lambda row, column: f"{at}/{row}{column}", lambda _: range(n), broken or {})

    @classmethod
    def of_columns(cls, columns: Mapping[str, Raw], n: int) -> "Customers":
        """Return customers that came column by column."""
        return cls(columns, n, lambda row, column: f"/columns{column}/{row}", lambda _: range(n))

    @classmethod
    def of_records(
        cls, records: Sequence[Mapping[str, object]], at: str = "", broken: Mapping[int, Problem] | None = None
    ) -> "Customers":
        """Return customers that came record by record, each with columns of its own."""
        names: dict[str, None] = {}
        for record in records:
            names.update(dict.fromkeys(record))
        return cls(
            columns={name: [record.get(name) for record in records] for name in names},
            n=len(records),
            place=lambda row, column: f"{at}/{row}{column}",
            bringing=lambda name: [row for row, record in enumerate(records) if name in record],
            broken=broken or {},
        )


def read_customers(request: ScoreRequest) -> Customers:
    """Take the customers out of a request.

    Raises: InputError, TooLargeError.
    """
    if request.records is not None and request.columns is None:
        check_number(len(request.records), "/records")
        broken = {
            row: Problem("", "type", "a record is a JSON object")
            for row, record in enumerate(request.records)
            if not isinstance(record, dict)
        }
        records = [{} if row in broken else record for row, record in enumerate(request.records)]
        return Customers.of_records(records, "/records", broken)
    if request.columns is None or request.records is not None:
        raise InputError.of([Problem("", "missing", "give either records or columns")])
    n = max(map(len, request.columns.values()), default=0)
    ragged = [
        Problem("/columns" + pointer(name), "length", f"has {len(values)} values where another column has {n}")
        for name, values in request.columns.items()
        if len(values) != n
    ]
    if ragged:
        raise InputError.of(ragged)
    check_number(n, "/columns")
    return Customers.of_columns(request.columns, n)


def check_number(n: int, where: str) -> None:
    """Refuse requests of nobody, and of too many.

    Raises: InputError, TooLargeError.
    """
    if n == 0:
        raise InputError.of([Problem(where, "empty", "there is no customer to score")])
    if n > MOST_RECORDS:
        raise TooLargeError(
            f"{n:,} customers are more than the {MOST_RECORDS:,} of one request; "
            "send several, or have a job score the whole file: POST /v1/jobs/scoring, or `ebb score`"
        )
