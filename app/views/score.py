"""Scoring: scores the customers of a request by one version, in the order of the request."""

from collections.abc import Mapping
from contextlib import nullcontext

from flask import Response
from msgspec import structs

from app.edge.responses import CompleteResponse
from app.errors import InputError
from app.parsing.request_parsing import LARGE_BYTES, answer_type, body_type, whole_body
from app.routing.route import JSON, Header, Route
from app.schemas.customer_scores import EconomicsRequest, Scored, ScoreQuery, ScoreRequest
from app.scoring.csv_answer import write_csv
from app.scoring.csv_request import read_csv
from app.scoring.customers import Customers, id_names
from app.scoring.json_answer import write_json, write_ndjson
from app.scoring.json_request import read_json
from app.scoring.ndjson_request import read_ndjson
from app.scoring.score_customers import Options, check_direction, score_customers
from app.scoring.totals import TOTALS, total_headers
from app.services import Services
from app.submission.sent_file import READ_AS, SENT_TYPES, read_file
from model.campaign import Economics
from model.errors import Problem
from model.estimator import Estimator
from model.scoring import check_columns
from model.tables.unpacking import is_packed
from store.alias_names import CHAMPION

NDJSON, CSV = "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)
NO_OPTIONS = ScoreQuery()
REASONS_SHARE = 0.75
"""The share of a request's time in which its customers are scored; the rest is for writing the answer."""


def score(services: Services, name: str, query: ScoreQuery) -> Response:
    """Score customers by the version that an alias points at, or by the version of a number.

    Files hold records only, so their options are in the query. Accept chooses the format of the answer; the default is
    the format of the request, and CSV for workbooks and packed files.
    """
    if query.alias is not None and query.version is not None:
        raise InputError.of([Problem("/query/version", "conflict", "give alias or version, not both")])
    sent_as = body_type((JSON, *SENT_TYPES))
    answer_as = answer_type(sent_as if sent_as in FORMATS else CSV, FORMATS)
    body = whole_body()
    alias = None if query.version is not None else query.alias or CHAMPION
    versions = services.versions
    version = versions.by_alias(name, alias) if alias else versions.by_version(name, query.version or 0)
    estimator = services.estimators.get(version)
    with services.batches.held() if len(body) > LARGE_BYTES or (sent_as != JSON and is_packed(body)) else nullcontext():
        customers, options, told = _read(services, body, sent_as, query, estimator)
        results = score_customers(estimator, customers, options, services.deadline.left() * REASONS_SHARE)
        services.traffic.scored(customers.n, len(results.problems))
        if answer_as == CSV:
            written = write_csv(results)
        elif answer_as == NDJSON:
            written = write_ndjson(results)
        else:
            written = write_json(results, version, alias)
    headers = {"ETag": f'"{version.version}"', "Cache-Control": "no-store", **told}
    if answer_as != JSON:  # which has the totals in its document
        headers |= total_headers(results)
    return CompleteResponse(written, answer_as, headers)


def _read(
    services: Services, body: bytes, media_type: str, query: ScoreQuery, estimator: Estimator
) -> tuple[Customers, Options, Mapping[str, str]]:
    """Read a body of this media type, and the options of the body and of the query; return headers that tell how.

    Raises: MalformedError, InputError, TooLargeError; TableError for a file that lacks most columns of the training.
    """
    if media_type == JSON:
        if query != NO_OPTIONS and query.given:
            pointer = f"/query/{next(iter(query.given))}"
            raise InputError.of([Problem(pointer, "conflict", "says how a file is read, and the body is JSON")])
        customers, request = read_json(body, estimator)
        return customers, _options(query, request), {}
    file = read_file(services, body, media_type, query, estimator)
    if file.reading.file_format == "ndjson":
        customers = read_ndjson(file.text)
    else:
        customers = read_csv(file.text, estimator, file.delimiter)
    if customers.names and not customers.unknown(estimator.known.union(id_names(estimator))):
        check_columns(estimator.encoder.names, customers.names)
    return customers, _options(query, ScoreRequest()), file.headers


def _options(query: ScoreQuery, request: ScoreRequest) -> Options:
    """Return the options, each of which is in the query or in the body.

    Raises: InputError if one is in both, or if one is given without another that it needs.
    """
    names = EconomicsRequest.__struct_fields__
    economics = {name: value for name in names if (value := getattr(query, name)) is not None}
    if economics and query.customer_value is None:
        raise InputError.of([Problem("/query/customer_value", "missing", "economics need the customer's value")])
    if query.explain and request.explain:
        raise InputError.of([Problem("/query/explain", "conflict", "is in the body already")])
    if query.direction and request.direction:
        raise InputError.of([Problem("/query/direction", "conflict", "is in the body already")])
    explain, direction = query.explain or request.explain, query.direction or request.direction
    check_direction(direction, explain, "/query/direction" if query.direction else "/direction")
    if request.economics is not None:
        if economics:
            raise InputError.of([Problem("/query/customer_value", "conflict", "the body has economics already")])
        economics = structs.asdict(request.economics)
    return Options(explain, direction, Economics(**economics) if economics else None)


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
        uploads=SENT_TYPES,
        also=FORMATS[1:],
        answer_headers=(
            Header("ETag", "the version that scored", required=True),
            *TOTALS,
            Header(READ_AS, "how a file was read, as JSON, unless it is UTF-8 with commas"),
        ),
    ),
)
