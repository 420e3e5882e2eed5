"""Scoring: scores the customers of a request by one version, in the order of the request."""

from contextlib import nullcontext

from flask import Response

from app.edge.request_parsing import accepted, media_type, whole_body
from app.edge.responses import CompleteResponse
from app.errors import InputError
from app.routing.route import Header, Route
from app.schemas.customer_scores import Scored, ScoreQuery, ScoreRequest
from app.scoring.csv_answer import write_csv
from app.scoring.json_answer import write_json, write_ndjson
from app.scoring.score import score_customers
from app.scoring.scoring_request import CSV, FORMATS, NDJSON, read_request
from app.server.services import Services
from model.errors import Problem
from store.registry.aliases import CHAMPION

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
        customers, options = read_request(body, kind, query, estimator)
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
