"""One version scores a request: that of the alias, or the one in the request."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.scoring.version_cache import EstimatorCache, VersionCache
from model.estimator import Estimator
from model.storage import pack
from store.database import Database
from store.errors import ArtifactError
from store.tables import versions

SCORE = "/v1/models/churn/score"
Record = dict[str, object]


def score(client: FlaskClient, records: list[Any], query: str = "", **more: object) -> TestResponse:
    return client.post(f"{SCORE}{query}", json={"records": records, **more})


def test_a_record_gets_the_estimators_probability_from_the_champion(
    client: FlaskClient, champion: int, record: Record, estimator: Estimator
) -> None:
    answer = score(client, [record])
    expected = float(estimator.predict({name: [value] for name, value in record.items()}, 1)[0])
    assert answer.json == {
        "model": "churn",
        "version": champion,
        "alias": "champion",
        "scores": [{"customer_id": "c-1", "churn_probability": expected}],
        "errors": 0,
        "unseen": {},
        "imputed": {},
        "id_column": "customer_id",
    }
    assert answer.headers["ETag"] == f'"{champion}"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_version_is_that_of_the_alias_or_of_the_request(
    client: FlaskClient, champion: int, add_version: Callable[..., int], record: Record, estimator: Estimator
) -> None:
    second = add_version("churn", replace(estimator, metrics={}))
    named = score(client, [record], f"?version={second}").json
    assert (named["version"], named["alias"]) == (second, None)
    assert score(client, [record]).json["version"] == champion
    client.put("/v1/models/churn/aliases/champion", json={"version": second}, headers={"If-Match": '"1"'})
    assert score(client, [record], "?alias=champion").json["version"] == second


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/models/nobody/score", 404),
        (f"{SCORE}?alias=challenger", 404),
        (f"{SCORE}?version=99", 404),
        (f"{SCORE}?version=0", 422),
        (f"{SCORE}?version=99999999999", 422),
        (f"{SCORE}?version=1&alias=champion", 422),
        (f"{SCORE}?alias=a%00b", 422),
    ],
)
@pytest.mark.usefixtures("champion")
def test_a_missing_version_is_refused(client: FlaskClient, record: Record, path: str, status: int) -> None:
    answer = client.post(path, json={"records": [record]})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.usefixtures("champion")
def test_a_damaged_estimator_is_not_used(client: FlaskClient, record: Record, database: Database) -> None:
    database.write(lambda connection: connection.execute(versions.update().values(estimator=b"not these bytes")))
    answer = score(client, [record])
    assert answer.status_code == 503
    assert "scores" not in answer.json


def test_few_estimators_are_held_and_a_changed_one_is_not_served_from_memory(
    database: Database, add_version: Callable[..., int], estimator: Estimator
) -> None:
    for shift in (1.0, 2.0):
        add_version("churn", replace(estimator, metrics={"shift": shift}))
    held = EstimatorCache(database, most_bytes=1)
    first = held.get(VersionCache(database).by_version("churn", 1))
    assert held.get(VersionCache(database).by_version("churn", 1)) is first
    held.get(VersionCache(database).by_version("churn", 2))
    assert held.get(VersionCache(database).by_version("churn", 1)) is not first
    database.write(lambda connection: connection.execute(versions.update().values(weights_sha256="0" * 64)))
    with pytest.raises(ArtifactError):
        held.get(VersionCache(database).by_version("churn", 1))


def test_an_estimator_of_another_release_is_409_with_a_remedy(
    client: FlaskClient, add_version: Callable[..., int], record: Record, estimator: Estimator
) -> None:
    class Older(Estimator):
        def to_bytes(self) -> bytes:
            return pack({"format": 0}, {})

    add_version("churn", Older(**{f.name: getattr(estimator, f.name) for f in fields(estimator)}))
    answer = score(client, [record], "?version=1")
    assert (answer.status_code, answer.json["type"]) == (409, "urn:problem-type:ebb:estimator")
    assert "train it again" in answer.json["detail"]


def test_a_large_batch_takes_a_place_and_the_next_gets_retry_after(
    app: Flask, client: FlaskClient, champion: int, record: dict[str, object]
) -> None:
    batch = {"records": [{**record, "customer_id": f"c-{n}"} for n in range(4_000)]}
    assert client.post("/v1/models/churn/score", json=batch).status_code == 200
    with ExitStack() as places:
        for _ in range(4):
            places.enter_context(app.extensions["ebb"].batches.held())
        refused = client.post("/v1/models/churn/score", json=batch)
        assert (refused.status_code, refused.json["type"]) == (503, "urn:problem-type:ebb:busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.post("/v1/models/churn/score", json={"records": [record]}).status_code == 200
    assert client.post("/v1/models/churn/score", json=batch).status_code == 200
