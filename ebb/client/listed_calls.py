"""A call list as the client gives it: whom to call, the most profitable first, with reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ebb.answers import ColumnContribution
from ebb.errors import UnreadableError


class Call(msgspec.Struct, frozen=True):
    """A customer to call. `row` is the number of the row, from 1, where the table has no id column.

    `customer` has the columns of the table. Units: the profit is in the money of the customer's value.
    """

    churn_probability: float
    expected_profit: float
    customer_value: float
    customer_id: str | int | float | None = None
    row: int | None = None
    reasons: list[ColumnContribution] = []
    customer: dict[str, Any] = {}

    @property
    def who(self) -> str | int | float | None:
        """The id of the customer, or the number of the row."""
        return self.customer_id if self.row is None else self.row


@dataclass(frozen=True)
class ListedCalls:
    """A call list. `summary` has the totals, and the number of rows left out for each reason; `job_id` made it.

    `rows` counts those of the table, `errors` those that could not be scored. `warnings` are about the table: why rows
    could not be scored, columns that training never saw, or an id column that is missing.
    """

    calls: tuple[Call, ...]
    summary: Mapping[str, Any]
    model: str
    version: int
    job_id: str
    rows: int
    errors: int
    warnings: tuple[str, ...] = ()


def read_calls(lines: bytes) -> tuple[Call, ...]:
    """Return the calls of a result.

    Raises: UnreadableError.
    """
    try:
        return tuple(msgspec.json.decode(line, type=Call) for line in lines.splitlines())
    except msgspec.DecodeError as error:
        raise UnreadableError(f"this client cannot read the call list: {error}") from error
