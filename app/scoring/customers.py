"""The customers of a scoring request, in any format: their columns, and the pointer of each value."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence, Set
from itertools import repeat
from typing import Any

from app.errors import InputError, TooLargeError
from app.parsing.json_pointer import pointer
from model.columns.encoder import Raw
from model.errors import Problem
from model.estimator import Estimator
from model.ids import invalid_ids
from model.limits import COLUMNS, NAME_CHARACTERS

MOST_RECORDS = 10_000
CUSTOMER_ID = "customer_id"


class Customers(ABC):
    """`n` customers; `problems` holds by row the problem of a customer that could not be read.

    A column is made for some rows at a time, and only if the estimator knows it, so that unknown columns cost nothing.
    """

    def __init__(self, n: int, problems: Mapping[int, Problem] | None = None) -> None:
        self.n = n
        self.problems = problems or {}

    @abstractmethod
    def columns(self, names: Collection[str], rows: slice) -> dict[str, Raw]:
        """Return those of the named columns that the request has. A missing value is None."""

    @property
    @abstractmethod
    def names(self) -> Collection[str]:
        """The names of all columns."""

    @abstractmethod
    def unknown(self, names: Set[str]) -> Mapping[int, str]:
        """Return by row the first column of the customer that is not among these."""

    @abstractmethod
    def place(self, row: int, column: str) -> str:
        """Return the pointer to a value, from its row and the pointer of its column."""


class Records(Customers):
    """Customers that were sent as records, each with columns of its own."""

    def __init__(
        self, records: Sequence[dict[str, Any]], at: str = "", problems: Mapping[int, Problem] | None = None
    ) -> None:
        super().__init__(len(records), problems)
        self._records = records
        self._names = set[str]().union(*records)
        self._at = at

    @property
    def names(self) -> Collection[str]:
        return self._names

    def columns(self, names: Collection[str], rows: slice) -> dict[str, Raw]:
        records = self._records[rows]
        return {name: list(map(dict.get, records, repeat(name))) for name in names if name in self._names}

    def unknown(self, names: Set[str]) -> Mapping[int, str]:
        others = self._names - names
        if not others:
            return {}
        found = ((row, next(filter(others.__contains__, each), None)) for row, each in enumerate(self._records))
        return {row: name for row, name in found if name is not None}

    def place(self, row: int, column: str) -> str:
        return f"{self._at}/{row}{column}"


class Columns(Customers):
    """Customers that were sent column by column."""

    def __init__(self, columns: Mapping[str, Sequence[object]], n: int) -> None:
        super().__init__(n)
        self._columns = columns

    @property
    def names(self) -> Collection[str]:
        return self._columns

    def columns(self, names: Collection[str], rows: slice) -> dict[str, Raw]:
        return {name: self._columns[name][rows] for name in names if name in self._columns}

    def unknown(self, names: Set[str]) -> Mapping[int, str]:
        return unknown_in_all_rows(self._columns, names, self.n)

    def place(self, row: int, column: str) -> str:
        return f"/columns{column}/{row}"


def unknown_in_all_rows(columns: Collection[str], names: Set[str], n: int) -> dict[int, str]:
    """Return for each row the first name that is not among `names`, if all rows have the same columns."""
    first = next((name for name in columns if name not in names), None)
    return {} if first is None else dict.fromkeys(range(n), first)


def check_number(n: int, where: str) -> None:
    """Refuse requests without customers, or with too many.

    Raises: InputError, TooLargeError.
    """
    if n == 0:
        raise InputError.of([Problem(where, "empty", "there is no customer to score")])
    if n > MOST_RECORDS:
        raise TooLargeError(
            f"{n:,} customers are more than the {MOST_RECORDS:,} of one request; "
            "send several, or have a job score the whole file: POST /v1/jobs/scoring, or `ebb score`"
        )


def check_names(names: Collection[str], known: Set[str], where: str) -> None:
    """Refuse too many columns, and names that are too long.

    Raises: InputError.
    """
    if len(names) > COLUMNS:
        detail = f"names {len(names):,} columns; a table has at most {COLUMNS:,}"
        raise InputError.of([Problem(where, "too_many_columns", detail)])
    long = [name for name in names if len(name) > NAME_CHARACTERS and name not in known]
    if long:
        detail = f"the name of a column has at most {NAME_CHARACTERS} characters"
        raise InputError.of(Problem(where + pointer(name), "name", detail) for name in long)


def id_names(estimator: Estimator) -> tuple[str, ...]:
    """Return the names under which a request may give the ids: that of the dataset first, and `customer_id`.

    A table that has another column of that name keeps it for that column.
    """
    own = estimator.id_column or CUSTOMER_ID
    return (own,) if own == CUSTOMER_ID or CUSTOMER_ID in estimator.known else (own, CUSTOMER_ID)


def read_ids(customers: Customers, names: Sequence[str]) -> tuple[Sequence[Any], dict[int, Problem]]:
    """Return the id of each customer, and the problems of customers with invalid ids, or with two that differ."""
    given: Mapping[str, Any] = customers.columns(names, slice(None))
    problems: dict[int, Problem] = {}
    for name, ids in given.items():
        problems |= invalid_ids(ids, name)
    if not given:
        return [None] * customers.n, problems
    own, *others = (given[name] for name in names if name in given)
    if not others:
        return own, problems
    (other,) = others
    for row, (first, second) in enumerate(zip(own, other, strict=True)):
        if first is not None and second is not None and first != second:
            text = f"is the id too, and differs from that in {names[0]!r}: leave one of them out"
            problems[row] = Problem(pointer(names[1]), "conflict", text)
    return [second if first is None else first for first, second in zip(own, other, strict=True)], problems


def shown_id(value: object) -> str | int | None:
    """Return the id of a refused record, or None if the id itself is invalid."""
    fit = isinstance(value, str | int) and not isinstance(value, bool) and not invalid_ids([value], "")
    return value if fit else None  # type: ignore[return-value]  # `fit` has checked it
