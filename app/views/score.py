"""Scoring: scores the customers of a request by one version, in the order of the request."""

from contextlib import nullcontext

from flask import Response
from msgspec import structs

from app.edge.responses import CompleteResponse
from app.errors import InputError
from app.parsing.request_parsing import accepted, media_type, whole_body
from app.routing.route import JSON, Header, Route
from app.schemas.customer_scores import EconomicsRequest, Scored, ScoreQuery, ScoreRequest
from app.scoring.csv_answer import write_csv
from app.scoring.csv_request import read_csv
from app.scoring.customers import Customers
from app.scoring.json_answer import write_json, write_ndjson
from app.scoring.json_request import read_json
from app.scoring.ndjson_request import read_ndjson
from app.scoring.score_customers import Options, score_customers
from app.services import Services
from model.campaign import Economics
from model.errors import Problem
from model.estimator import Estimator
from store.registry.aliases import CHAMPION

NDJSON, CSV = "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)
ECONOMICS = [field.name for field in structs.fields(EconomicsRequest)]
LARGE_BYTES = 256 * 1024
"""A larger body counts for the concurrency limit of batches, so that others find a thread and memory stays bounded."""


def score(services: Services, name: str, query: ScoreQuery) -> Response:
    """Score customers by the version that an alias points at, or by the version of a number.

    NDJSON and CSV bodies hold records only, so their options are in the query. Accept chooses the format of the answer;
    the default is the format of the request.
    """
    if query.alias is not None and query.version is not None:
        raise InputError.of([Problem("/query/version", "conflict", "give alias or version, not both")])
    kind = media_type(FORMATS)
    answer_in = accepted(kind, FORMATS)
    body = whole_body()
    alias = None if query.version is not None else query.alias or CHAMPION
    versions = services.versions
    version = versions.by_alias(name, alias) if alias else versions.by_version(name, query.version or 0)
    estimator = services.estimators.get(version)
    with services.batches.held() if len(body) > LARGE_BYTES else nullcontext():
        customers, options = _read(body, kind, query, estimator)
        results = score_customers(estimator, customers, options)
        services.traffic.scored(customers.n, len(results.wrong))
        if answer_in == CSV:
            written = write_csv(results)
        elif answer_in == NDJSON:
            written = write_ndjson(results)
        else:
            written = write_json(results, version, alias)
    headers = {"ETag": f'"{version.version}"', "Cache-Control": "no-store"}
    return CompleteResponse(written, answer_in, headers)


def _read(body: bytes, kind: str, query: ScoreQuery, estimator: Estimator) -> tuple[Customers, Options]:
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
    return Options(query.explain or 0, Economics(**given) if given else None)


def _merged(body: Options, query: Options) -> Options:
    """Merge the options of the body and of the query.

    Raises: InputError if both give the same option.
    """
    if body.explain and query.explain:
        raise InputError.of([Problem("/query/explain", "conflict", "is in the body already")])
    if body.economics and query.economics:
        raise InputError.of([Problem("/query/customer_value", "conflict", "the body has economics already")])
    return Options(query.explain or body.explain, query.economics or body.economics)


ROUTES = (
    Route(
        "POST",
        "/v1/models/{name}/score",
        score,
        "score",
        "Score customers",
        {200: Scored},
        (404, 406, 409, 413, 415, 422),
        ScoreQuery,
        ScoreRequest,
        uploads=FORMATS[1:],
        also=FORMATS[1:],
        answer_headers=(Header("ETag", "the version that scored", required=True),),
    ),
)
