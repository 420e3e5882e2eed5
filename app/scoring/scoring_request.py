"""A scoring request in any of its formats: the customers, and the options of its body and query."""

from dataclasses import dataclass

from msgspec import structs

from app.errors import InputError
from app.schemas.customer_scores import EconomicsRequest, ScoreQuery
from app.scoring.csv_rows import read_csv
from app.scoring.customers import Customers
from app.scoring.json_request import read_json
from app.scoring.ndjson import read_ndjson
from model.campaign import Economics
from model.errors import Problem
from model.estimator import Estimator

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)
ECONOMICS = [field.name for field in structs.fields(EconomicsRequest)]


@dataclass(frozen=True)
class Options:
    """How many reasons each customer gets, and the economics of a contact."""

    explain: int = 0
    economics: Economics | None = None


NONE = Options()


def read_request(body: bytes, kind: str, query: ScoreQuery, estimator: Estimator) -> tuple[Customers, Options]:
    """Read a body of this media type, and the options of the query.

    Raises: MalformedError, InputError, TooLargeError.
    """
    if kind == JSON:
        customers, request = read_json(body, estimator)
        economics = None if request.economics is None else Economics(**structs.asdict(request.economics))
        return customers, _merged(Options(request.explain, economics), _of_query(query))
    return read_csv(body, estimator) if kind == CSV else read_ndjson(body), _of_query(query)


def _of_query(query: ScoreQuery) -> Options:
    """Return the options of a query.

    Raises: InputError if costs are given without the customer's value.
    """
    given = {name: value for name in ECONOMICS if (value := getattr(query, name)) is not None}
    if given and query.customer_value is None:
        raise InputError.of([Problem("/query/customer_value", "missing", "economics need the customer's value")])
    if not given and query.explain is None:
        return NONE
    return Options(query.explain or 0, Economics(**given) if given else None)


def _merged(body: Options, query: Options) -> Options:
    """Merge the options of the body and of the query.

    Raises: InputError if both give the same option.
    """
    if query is NONE:
        return body
    if body.explain and query.explain:
        raise InputError.of([Problem("/query/explain", "conflict", "is in the body already")])
    if body.economics and query.economics:
        raise InputError.of([Problem("/query/customer_value", "conflict", "the body has economics already")])
    return Options(query.explain or body.explain, query.economics or body.economics)
