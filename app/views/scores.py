"""Scoring: one request, one version, an answer for every customer in the order they came."""

from contextlib import nullcontext

from flask import Response

from app.edge.request_body import whole_body
from app.edge.request_parsing import accepted, media_type
from app.edge.responses import CompleteResponse
from app.errors import InputError
from app.routing.route import Header, Route
from app.schemas.customer_scores import Scored, ScoreQuery, ScoreRequest
from app.scoring.csv_answer import write_csv
from app.scoring.json_answer import write_json, write_ndjson
from app.scoring.options import merge, of_query
from app.scoring.requests import CSV, FORMATS, NDJSON, read_request
from app.scoring.score import score_customers
from app.server.services import Services
from model.errors import Problem
from store.registry.aliases import CHAMPION

LARGE_BYTES = 256 * 1024
"""A larger body takes one of the places for batches, so that others find a thread and memory stays bounded."""


def score(services: Services, name: str, query: ScoreQuery) -> Response:
    """Score customers by the version that an alias points at, or by the one of that number.

    NDJSON and CSV bring records only; there the query says what else is asked. Accept chooses the answer's format,
    which is the request's own by default.
    """
    if query.alias is not None and query.version is not None:
        raise InputError.of([Problem("/query/version", "conflict", "give alias or version, not both")])
    kind = media_type(FORMATS)
    answer_in = accepted(kind, FORMATS)
    body = whole_body()
    alias = None if query.version is not None else query.alias or CHAMPION
    targets = services.targets
    target = targets.by_alias(name, alias) if alias else targets.by_version(name, query.version or 0)
    estimator = services.estimators.get(target)
    with services.batches.held() if len(body) > LARGE_BYTES else nullcontext():
        customers, options = read_request(body, kind, estimator)
        results = score_customers(estimator, customers, merge(of_query(query), options))
        services.traffic.scored(customers.n, len(results.wrong))
        if answer_in == CSV:
            written = write_csv(results)
        elif answer_in == NDJSON:
            written = write_ndjson(results)
        else:
            written = write_json(results, target, alias)
    headers = {"ETag": f'"{target.version}"', "Cache-Control": "no-store"}
    return CompleteResponse(written, answer_in, headers)


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
