"""The options of a scoring request, in its body or its query: reasons, and decisions about contacts."""

from dataclasses import dataclass

from msgspec import structs

from app.errors import InputError
from app.schemas.customer_scores import EconomicsRequest, ScoreQuery
from model.campaign import Economics
from model.errors import Problem

ECONOMICS = [field.name for field in structs.fields(EconomicsRequest)]


@dataclass(frozen=True)
class Options:
    """How many reasons each customer gets, and what a contact costs and brings."""

    explain: int = 0
    economics: Economics | None = None


NONE = Options()


def of_query(query: ScoreQuery) -> Options:
    """Take the options out of a query.

    Raises: InputError for costs without the customer's value.
    """
    given = {name: value for name in ECONOMICS if (value := getattr(query, name)) is not None}
    if given and query.customer_value is None:
        raise InputError.of([Problem("/query/customer_value", "missing", "economics need the customer's value")])
    if not given and query.explain is None:
        return NONE
    return Options(query.explain or 0, Economics(**given) if given else None)


def of_body(explain: int, economics: EconomicsRequest | None) -> Options:
    """Take the options out of a body."""
    return Options(explain, None if economics is None else Economics(**structs.asdict(economics)))


def merge(query: Options, body: Options) -> Options:
    """Merge the options of the query and of the body.

    Raises: InputError where both ask for the same.
    """
    if query is NONE:
        return body
    if body.explain and query.explain:
        raise InputError.of([Problem("/query/explain", "conflict", "is in the body already")])
    if body.economics and query.economics:
        raise InputError.of([Problem("/query/customer_value", "conflict", "the body has economics already")])
    return Options(query.explain or body.explain, query.economics or body.economics)
