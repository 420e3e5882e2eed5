"""Scoring: one request, one version, an answer for every customer in the order they came."""

from flask import Response
from msgspec import UNSET

from app.edge.answers import json_answer
from app.errors import InputError
from app.route import Header, Route
from app.scoring.customers import read_customers
from app.scoring.judge import judge
from app.services import Services
from app.shapes.scores import Scored, ScoreQuery, ScoreRequest
from model.errors import Problem
from store.registry.aliases import CHAMPION, get_alias


def score(services: Services, name: str, query: ScoreQuery, body: ScoreRequest) -> Response:
    """Score customers by the version that an alias points at, or by the one of that number."""
    if query.alias is not None and query.version is not None:
        raise InputError.of([Problem("/query/version", "conflict", "give alias or version, not both")])
    customers = read_customers(body)
    alias = None if query.version is not None else query.alias or CHAMPION
    with services.database.read() as connection:
        version = query.version or get_alias(connection, name, alias or CHAMPION).version
        estimator = services.estimators.get(connection, name, version)
    scores = judge(estimator, customers, explain=body.explain, economics=body.economics)
    errors = sum(one.error is not UNSET for one in scores)
    answer = json_answer(Scored(name, version, alias, scores, errors))
    answer.set_etag(str(version))
    answer.headers["Cache-Control"] = "no-store"
    return answer


ROUTES = (
    Route(
        "POST",
        "/v1/models/{name}/score",
        score,
        "score",
        "Score customers",
        {200: Scored},
        (404, 409, 413, 415, 422),
        ScoreQuery,
        ScoreRequest,
        answer_headers=(Header("ETag", "the version that scored", required=True),),
    ),
)
