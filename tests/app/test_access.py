"""Beyond loopback every route needs a key with its scope. On loopback, pages of other sites are refused."""

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.invalid_key_limit import INVALID_PER_MINUTE
from app.edge.ttl_cache import KEPT_SECONDS
from app.server.route_table import ROUTES
from store.database import Database
from store.keys import SCOPES, list_keys, revoke_key

Key = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens before the database."""
    return sqlite_file


def filled(path: str) -> str:
    """Put something that could be there into a path's places."""
    nowhere = "01890000-0000-7000-8000-000000000000"
    places = {"version": "1", "job_id": nowhere, "dataset_id": nowhere, "webhook_id": nowhere, "delivery_id": nowhere}
    return re.sub(r"{(\w+)}", lambda found: places.get(found[1], found[1]), path)


PROBES = {"/livez", "/readyz"}
OPEN = PROBES | {"/login", "/logout", "/static/{digest}/{file}", "/favicon.ico"}
PAGES = {route.path for route in ROUTES if route.page} - OPEN
BROWSED = {"/openapi.json", "/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"}


def test_the_open_routes_are_the_probes_the_login_and_static_files() -> None:
    assert {route.path for route in ROUTES if route.scope is None} == OPEN
    assert {route.scope for route in ROUTES} - {None} <= set(SCOPES)


def test_every_rule_of_the_url_map_needs_a_key(make_app: Callable[..., Flask]) -> None:
    app = make_app(host="0.0.0.0")
    client = app.test_client()
    asked = 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            written = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            path = filled(written)
            answer = client.open(path, method=method)
            if written in OPEN and (method in ("GET", "OPTIONS") or written not in PROBES):
                assert answer.status_code != 401, rule
                continue
            if written in PAGES:
                assert (answer.status_code, answer.data) == (303, b""), rule
                assert answer.headers["Location"].startswith("/login?next=%2F")
                continue
            asked += 1
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), rule
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert asked > len(ROUTES) - len(PAGES)


def test_a_browser_may_send_a_key_as_a_password_for_pages_only(guarded: FlaskClient, key: Key) -> None:
    _, _, secret = key("read")["Authorization"].partition(" ")
    assert {route.path for route in ROUTES if route.browsed} == BROWSED
    for route in ROUTES:
        path = filled(route.path)
        status = guarded.open(path, method=route.method, auth=("", secret)).status_code
        if route.path in OPEN - PROBES:
            continue
        refused = 303 if route.path in PAGES else 401
        assert (status in (refused, 403)) == (route.path not in BROWSED | PROBES), route
    for browsed in (True, False):
        challenges = guarded.get("/docs" if browsed else "/v1/jobs").headers.getlist("WWW-Authenticate")
        assert [challenge.partition(" ")[0] for challenge in challenges] == (
            ["Bearer", "Basic"] if browsed else ["Bearer"]
        )
    for wrong in (("", "ebb_1234_5678"), (secret, ""), ("", "")):
        assert guarded.get("/docs", auth=wrong).status_code == 401


def test_an_invalid_password_counts_as_an_invalid_key(guarded: FlaskClient) -> None:
    told = [guarded.get("/docs", auth=("", f"guess {number}")).status_code for number in range(INVALID_PER_MINUTE + 1)]
    assert told == [401] * INVALID_PER_MINUTE + [429]


def test_an_unknown_address_needs_a_key(guarded: FlaskClient) -> None:
    assert guarded.get("/nowhere").status_code == 401


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer ebb_0_0", "Bearer x", "Basic YTpi", "Bearer ebb_\x00_x", "ebb_1234_5678"],
)
def test_an_invalid_key_is_401(guarded: FlaskClient, header: str) -> None:
    assert guarded.get("/v1/jobs", headers={"Authorization": header}).status_code == 401


def test_a_key_with_the_secret_of_another_is_401(guarded: FlaskClient, key: Key) -> None:
    one, other = (key("admin")["Authorization"].rsplit("_", 1) for _ in range(2))
    assert guarded.get("/v1/jobs", headers={"Authorization": f"{one[0]}_{other[1]}"}).status_code == 401


def test_a_revoked_key_is_401_within_a_second(guarded: FlaskClient, key: Key, database: Database) -> None:
    header = key("read")
    assert guarded.get("/v1/jobs", headers=header).status_code == 200
    database.write(lambda connection: revoke_key(connection, list_keys(connection)[0].id))
    time.sleep(KEPT_SECONDS + 0.01)
    assert guarded.get("/v1/jobs", headers=header).status_code == 401


def test_the_use_of_a_key_is_noted(guarded: FlaskClient, key: Key, database: Database) -> None:
    guarded.get("/v1/jobs", headers=key("read"))
    with database.read() as connection:
        assert list_keys(connection)[0].last_used_at is not None


def test_a_key_is_valid_though_its_use_cannot_be_stored(guarded: FlaskClient, key: Key, database: Database) -> None:
    header = key("read")
    refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON api_keys BEGIN DELETE FROM nowhere; END"
    with database.engine.begin() as connection:
        connection.exec_driver_sql(refuse)
    assert guarded.get("/v1/jobs", headers=header).status_code == 200


def test_loopback_needs_no_key_and_applies_a_given_one(client: FlaskClient, key: Key) -> None:
    assert client.get("/v1/jobs").status_code == 200
    assert client.get("/v1/jobs", headers=key("score")).status_code == 403
    assert client.get("/v1/jobs", headers={"Authorization": "Bearer ebb_0_0"}).status_code == 401


def test_an_application_keeps_no_state_outside_itself(make_app: Callable[..., Flask]) -> None:
    one, other = make_app(), make_app()
    assert one is not other
    assert one.url_map is not other.url_map
