"""A key with the scope `admin` makes, lists and revokes keys over HTTP."""

from typing import get_args

import pytest
from flask.testing import FlaskClient

from app.views.keys import Scope
from store.audit import list_audit
from store.database import Database
from store.keys import SCOPES, find_caller
from tests.app.test_access import Key


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def admin(key: Key) -> dict[str, str]:
    return key("admin")


def test_the_scopes_are_those_of_the_store() -> None:
    assert get_args(Scope) == SCOPES


def test_a_made_key_is_shown_once_and_works(guarded: FlaskClient, admin: dict[str, str], database: Database) -> None:
    wanted = {"name": "crm", "scopes": ["read", "score"], "days": 2, "requests_per_minute": 60}
    answer = guarded.post("/v1/keys", json=wanted, headers=admin)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    made = answer.json
    assert guarded.get("/v1/jobs", headers={"Authorization": f"Bearer {made['key']}"}).status_code == 200
    listing = guarded.get("/v1/keys", headers=admin)
    assert made["key"].split("_")[2] not in listing.text
    [listed] = [one for one in listing.json["keys"] if one["id"] == made["id"]]
    assert (listed["name"], listed["scopes"], listed["requests_per_minute"]) == ("crm", ["read", "score"], 60)
    assert listed["expires_at"] > listed["created_at"]
    with database.read() as connection:
        [line] = list_audit(connection, action="key.created", actor=admin_id(admin), page_size=5).rows
    assert line.subject == made["id"]


def test_a_revoked_key_is_refused(guarded: FlaskClient, admin: dict[str, str], database: Database) -> None:
    made = guarded.post("/v1/keys", json={"name": "crm", "scopes": ["read"]}, headers=admin).json
    for _ in range(2):
        assert guarded.post(f"/v1/keys/{made['id']}/revoke", headers=admin).status_code == 204
    with database.read() as connection:
        assert find_caller(connection, made["key"]) is None
    assert guarded.post("/v1/keys/nothing/revoke", headers=admin).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "scopes": ["read"]},
        {"name": "a\nb", "scopes": ["read"]},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["all"]},
        {"name": "a", "scopes": ["read"], "days": 0},
    ],
    ids=str,
)
def test_a_key_that_cannot_be_is_refused(guarded: FlaskClient, admin: dict[str, str], body: dict[str, object]) -> None:
    assert guarded.post("/v1/keys", json=body, headers=admin).status_code == 422


def admin_id(header: dict[str, str]) -> str:
    return header["Authorization"].split("_")[1]
