"""Versions over HTTP, and alias moves with the current revision."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from model.estimator import Estimator
from store.database import Database

ALIAS = "/v1/models/churn/aliases/champion"
Add = Callable[..., int]


def put(client: FlaskClient, version: object = 1, path: str = ALIAS, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(path, json={"version": version}, headers=named)


def test_models_and_versions_are_listed_in_pages(client: FlaskClient, add_version: Add) -> None:
    for model in ("zebra", "churn", "churn", "churn"):
        add_version(model)
    models = client.get("/v1/models").json
    assert [(m["name"], m["last_version"]) for m in models["models"]] == [("churn", 3), ("zebra", 1)]
    first = client.get("/v1/models/churn/versions?page_size=2").json
    token = first["next_page_token"]
    rest = client.get("/v1/models/churn/versions", query_string={"page_size": 2, "page_token": token}).json
    assert [version["version"] for version in first["versions"] + rest["versions"]] == [3, 2, 1]
    assert rest["next_page_token"] is None


def test_a_version_has_its_origin_and_metrics(client: FlaskClient, add_version: Add, estimator: Estimator) -> None:
    add_version()
    told = client.get("/v1/models/churn/versions/1").json
    assert (told["model"], told["version"]) == ("churn", 1)
    assert told["weights_sha256"] == estimator.weights_sha256
    assert told["metrics"] == estimator.metrics
    assert {"spec", "data_sha256", "environment", "job_id", "columns", "dataset", "created_at"} <= told.keys()
    assert client.get(f"/v1/jobs/{told['job_id']}").json["result"]["version"] == 1


def test_the_weights_are_the_estimators_bytes(client: FlaskClient, add_version: Add, estimator: Estimator) -> None:
    add_version()
    answer = client.get("/v1/models/churn/versions/1/weights")
    assert answer.data == estimator.to_bytes()
    assert sha256(answer.data).hexdigest() == client.get("/v1/models/churn/versions/1").json["weights_sha256"]
    assert "attachment" in answer.headers["Content-Disposition"]
    again = client.get("/v1/models/churn/versions/1/weights", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/nobody/versions",
        "/v1/models/churn/versions/2",
        "/v1/models/churn/versions/2/weights",
        "/v1/models/churn/versions/0",
        "/v1/models/churn/versions/-1",
        "/v1/models/churn/versions/latest",
        "/v1/models/churn/versions/2147483648",
        ALIAS,
        f"{ALIAS}/history",
        "/v1/models/nobody/aliases/champion/history",
    ],
)
def test_an_unregistered_name_is_404(client: FlaskClient, add_version: Add, path: str) -> None:
    add_version()
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_an_alias_is_made_moved_and_remembered(client: FlaskClient, add_version: Add) -> None:
    add_version()
    add_version()
    made = put(client, 1, If_None_Match="*")
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    assert {name: made.json[name] for name in ("model", "alias", "version", "revision")} == {
        "model": "churn",
        "alias": "champion",
        "version": 1,
        "revision": 1,
    }
    moved = put(client, 2, If_Match=made.headers["ETag"])
    assert (moved.status_code, moved.headers["ETag"], moved.json["version"]) == (200, '"2"', 2)
    assert client.get(ALIAS).json == moved.json
    assert client.get(ALIAS).headers["ETag"] == '"2"'
    moves = client.get(f"{ALIAS}/history").json["moves"]
    assert [(m["revision"], m["from_version"], m["to_version"], m["moved_by"]) for m in moves] == [
        (2, 1, 2, "local"),
        (1, None, 1, "local"),
    ]


def test_the_mover_is_the_key_that_called(
    guarded: FlaskClient, add_version: Add, key: Callable[..., dict[str, str]]
) -> None:
    add_version()
    header = key("promote", "read")
    guarded.put(ALIAS, json={"version": 1}, headers=header | {"If-None-Match": "*"})
    (move,) = guarded.get(f"{ALIAS}/history", headers=header).json["moves"]
    assert move["moved_by"] == header["Authorization"].split("_")[1]


def test_a_move_without_a_condition_is_428(client: FlaskClient, add_version: Add) -> None:
    add_version()
    answer = put(client)
    assert answer.status_code == 428
    assert "If-Match" in answer.json["detail"]
    assert client.get(ALIAS).status_code == 404


@pytest.mark.parametrize(
    ("exists", "headers", "status"),
    [
        (False, {"If_Match": '"0"'}, 201),
        (False, {"If_Match": '"1"'}, 412),
        (False, {"If_Match": "*"}, 412),
        (True, {"If_Match": '"1"'}, 200),
        (True, {"If_Match": '"7", "1"'}, 200),
        (True, {"If_Match": "*"}, 200),
        (True, {"If_Match": '"0"'}, 412),
        (True, {"If_Match": '"2"'}, 412),
        (True, {"If_Match": 'W/"1"'}, 412),
        (True, {"If_Match": '"one"'}, 412),
        (True, {"If_None_Match": "*"}, 412),
        (True, {"If_None_Match": '"1"'}, 412),
        (True, {"If_Match": '"1"', "If_None_Match": "*"}, 412),
    ],
)
def test_a_move_happens_where_its_condition_holds(
    client: FlaskClient, add_version: Add, exists: bool, headers: dict[str, str], status: int
) -> None:
    add_version()
    if exists:
        put(client, 1, If_None_Match="*")
    before = client.get(ALIAS).json
    assert put(client, 1, **headers).status_code == status
    if status == 412:
        assert client.get(ALIAS).json["revision" if exists else "status"] == before["revision" if exists else "status"]


@pytest.mark.parametrize(("version", "status"), [(2, 404), (0, 422), (-1, 422), (2**31, 422), ("1", 422), (1.5, 422)])
def test_an_alias_cannot_point_at_nothing(client: FlaskClient, add_version: Add, version: object, status: int) -> None:
    add_version()
    assert put(client, version, If_None_Match="*").status_code == status
    assert client.get(ALIAS).status_code == 404


@pytest.mark.parametrize("alias", ["..", "%2e%2e", "a%2Fb", "a%00", "%20", "x" * 101, "-x"])
def test_an_alias_with_an_unfit_name_is_404(client: FlaskClient, add_version: Add, alias: str) -> None:
    add_version()
    assert put(client, 1, f"/v1/models/churn/aliases/{alias}", If_None_Match="*").status_code == 404


def test_rollbacks_undo_one_move_each_and_are_moves(client: FlaskClient, add_version: Add) -> None:
    for version in (1, 2, 3):
        assert add_version() == version
        put(client, version, **({"If_Match": "*"} if version > 1 else {"If_None_Match": "*"}))
    back = f"{ALIAS}/rollback"
    first = client.post(back)
    assert (first.status_code, first.json["version"], first.headers["ETag"]) == (200, 2, '"4"')
    assert client.post(back).json["version"] == 1
    nothing = client.post(back)
    assert (nothing.status_code, nothing.json["type"]) == (409, "urn:problem-type:ebb:nothing-before")
    put(client, 3, If_Match='"5"')
    assert client.post(back).json["version"] == 1  # the version before, not the one that was rolled back
    told = [(m["revision"], m["to_version"], m["undoes"]) for m in client.get(f"{ALIAS}/history").json["moves"]]
    assert told == [(7, 1, 6), (6, 3, None), (5, 1, 2), (4, 2, 3), (3, 3, None), (2, 2, None), (1, 1, None)]


def test_a_rollback_obeys_the_revision_it_names(client: FlaskClient, add_version: Add) -> None:
    for version in (1, 2):
        add_version()
        put(client, version, **({"If_Match": "*"} if version > 1 else {"If_None_Match": "*"}))
    assert client.post(f"{ALIAS}/rollback", headers={"If-Match": '"1"'}).status_code == 412
    assert client.get(ALIAS).json["version"] == 2
    assert client.post(f"{ALIAS}/rollback", headers={"If-Match": '"2"'}).json["version"] == 1
    assert client.post("/v1/models/nobody/aliases/champion/rollback").status_code == 404


def test_of_eight_movers_from_one_revision_one_wins(app: Flask, add_version: Add) -> None:
    add_version()
    put(app.test_client(), 1, If_None_Match="*")
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: put(app.test_client(), 1, If_Match='"1"').status_code, range(8)))
    assert sorted(told) == [200] + [412] * 7


@pytest.mark.parametrize("path", [ALIAS, f"{ALIAS}/rollback"])
def test_a_move_whose_commit_was_answered_by_silence_happens_once(
    client: FlaskClient, add_version: Add, database: Database, path: str
) -> None:
    for version in (1, 2):
        add_version()
        put(client, version, **({"If_Match": "*"} if version > 1 else {"If_None_Match": "*"}))
    lost = iter([True])

    def commit_and_fall_silent(connection: Connection) -> None:
        if connection.get_execution_options().get("ebb_write") and next(lost, False):
            connection.connection.dbapi_connection.commit()
            silence = psycopg.OperationalError("server closed the connection unexpectedly")
            raise OperationalError("COMMIT", None, silence, connection_invalidated=True)

    event.listen(database.engine, "commit", commit_and_fall_silent)
    answer = put(client, 1, If_Match='"2"') if path == ALIAS else client.post(path)
    assert next(lost, None) is None
    assert (answer.status_code, answer.json["version"], answer.json["revision"]) == (200, 1, 3)
    assert len(client.get(f"{ALIAS}/history").json["moves"]) == 3
