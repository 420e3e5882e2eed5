"""Guesses which column says who left and which one names customers, from the columns of an uploaded table.

A guess only decides what a form proposes. The reader sees it and can choose another column.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.columns.reading_warnings import says_stayed
from model.columns.target import parse_outcome

ColumnFacts = Mapping[str, Any]

LEFT = re.compile(r"churn|cancel|left|leav|exit|attrit|laps|terminat|quit|kündig|abgang|weg|resili|baja", re.IGNORECASE)
NAMES_CUSTOMERS = re.compile(
    r"(?<![a-z])(id|no|nr|number|key|code|uuid|ref)(?![a-z])|id$|customer|client|account|kunde", re.IGNORECASE
)
IDENTIFYING = {"identifying_column", "row_number", "too_many_categories"}
"""Codes of warnings about columns that name customers or number the rows."""
USELESS = {*IDENTIFYING, "leaking_column", "empty_column", "constant_column"}
"""Codes of warnings about columns that a training is proposed to leave out."""


@dataclass(frozen=True)
class OutcomeColumn:
    """A column of yes and no: how many rows say yes, and the words for yes and no as the table has them.

    `inverted` where its name suggests that yes means a customer who stayed.
    """

    name: str
    yes: str
    no: str
    share: float
    likely: bool
    inverted: bool


def find_outcomes(columns: Sequence[ColumnFacts], rows: int) -> list[OutcomeColumn]:
    """Return the columns that can say who left, the most likely first.

    Example:
        >>> column = {"name": "churned", "kind": "boolean", "missing": 0, "true": 3}
        >>> [(one.name, one.share, one.likely) for one in find_outcomes([column], 10)]
        [('churned', 0.3, True)]
    """
    found = [outcome for column in columns if (outcome := _outcome(column, rows)) is not None]
    return sorted(found, key=lambda one: (not one.likely, one.inverted))


def _outcome(column: ColumnFacts, rows: int) -> OutcomeColumn | None:
    if column["missing"] or not rows:
        return None
    name, words = str(column["name"]), _words(column, rows)
    if words is None:
        return None
    yes, no, share = words
    inverted = says_stayed(name) and LEFT.search(name) is None
    return OutcomeColumn(name, yes, no, share, LEFT.search(name) is not None and 0 < share < 1, inverted)


def _words(column: ColumnFacts, rows: int) -> tuple[str, str, float] | None:
    """Return the words for yes and no, and the share of yes; None for a column of other values."""
    if column["kind"] == "boolean" and "true" in column:
        return "true", "false", column["true"] / rows
    if column["kind"] == "numeric" and (column.get("min"), column.get("max")) == (0, 1):
        return "1", "0", float(column["mean"])  # other numbers between them are refused later, with their row
    if column["kind"] == "categorical" and column.get("distinct") == 2:
        counts = {str(one["value"]): int(one["count"]) for one in column["categories"]}
        meaning = {parse_outcome(word): word for word in counts}
        if meaning.keys() == {0.0, 1.0}:
            return meaning[1.0], meaning[0.0], counts[meaning[1.0]] / rows
    return None


def unclear_outcomes(columns: Sequence[ColumnFacts]) -> list[str]:
    """Return the columns of two texts neither of which says yes, each with its texts.

    Example:
        >>> texts = [{"value": "Gone", "count": 1}, {"value": "Here", "count": 2}]
        >>> unclear_outcomes([{"name": "state", "kind": "categorical", "distinct": 2, "categories": texts}])
        ['“state” holds “Gone” and “Here”']
    """
    return [
        f"“{column['name']}” holds “{column['categories'][0]['value']}” and “{column['categories'][1]['value']}”"
        for column in columns
        if column["kind"] == "categorical" and column.get("distinct") == 2 and _words(column, 1) is None
    ]


def guess_id(columns: Sequence[ColumnFacts], warnings: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the column that probably names customers; None where none seems to.

    Example:
        >>> columns = [{"name": "age", "kind": "numeric"}, {"name": "Customer ID", "kind": "categorical"}]
        >>> guess_id(columns, [{"code": "too_many_categories", "column": "Customer ID"}])
        'Customer ID'
    """
    unique = {warning["column"] for warning in warnings if warning["code"] in IDENTIFYING}
    named = [column["name"] for column in columns if NAMES_CUSTOMERS.search(str(column["name"]))]
    return next((name for name in named if name in unique), None)


def left_out(warnings: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the columns that a training should leave out.

    They name customers, hold one value or none, or tell what came after.

    Example:
        >>> left_out([{"code": "constant_column", "column": "country"}, {"code": "read_as", "column": "fee"}])
        {'country'}
    """
    return {str(warning["column"]) for warning in warnings if warning["code"] in USELESS}
