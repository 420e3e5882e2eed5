"""A browser logs in with a key and gets a session, which has the key's rights until logout, expiry or revocation."""

import re
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.access.invalid_key_limit import INVALID_PER_MINUTE
from app.edge.ttl_cache import KEPT_SECONDS
from store.audit import list_audit
from store.clock import now
from store.database import Database
from store.keys import revoke_key
from store.sessions import IDLE_SECONDS, TOUCH_SECONDS
from store.tables import browser_sessions
from tests.app.test_access import Key

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def secret(key: dict[str, str]) -> str:
    return key["Authorization"].partition(" ")[2]


def log_in(client: FlaskClient, key: dict[str, str], **fields: str) -> str:
    """Log in and return the session's token."""
    answer = client.post("/login", data={"key": secret(key), **fields}, headers=OWN)
    assert answer.status_code == 303, answer.text
    cookie = client.get_cookie("ebb")
    assert cookie is not None
    return cookie.value


def change_sessions(database: Database, **values: object) -> None:
    database.write(lambda connection: connection.execute(update(browser_sessions).values(**values)))


def test_a_page_leads_to_the_login_and_the_login_back_to_the_page(guarded: FlaskClient, key: Key) -> None:
    answer = guarded.get("/?x=1&y=2")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2F%3Fx%3D1%26y%3D2")
    form = guarded.get(answer.headers["Location"])
    assert (form.status_code, form.mimetype) == (200, "text/html")
    assert 'name="next" value="/?x=1&amp;y=2"' in form.text
    done = guarded.post("/login", data={"key": secret(key("read")), "next": "/?x=1&y=2"}, headers=OWN)
    assert (done.status_code, done.headers["Location"]) == (303, "/?x=1&y=2")


def test_a_session_has_the_rights_of_its_key_in_the_pages_and_in_the_api(guarded: FlaskClient, key: Key) -> None:
    log_in(guarded, key("read"))
    assert guarded.get("/").status_code == 200
    assert guarded.get("/docs").status_code == 200
    assert guarded.get("/v1/jobs").status_code == 200
    assert guarded.get("/v1/audit").status_code == 403
    assert guarded.post("/v1/jobs/training", json={}, headers=OWN).status_code == 403


def test_the_cookie_is_for_this_server_and_no_script(make_app: Callable[..., Flask], key: Key) -> None:
    client = make_app(host="0.0.0.0", proxies=1).test_client()
    for scheme, start, more in (("http", "ebb=", ""), ("https", "__Host-ebb=", "Secure")):
        sent = {**OWN, "X-Forwarded-Proto": scheme}
        answer = client.post("/login", data={"key": secret(key("read"))}, headers=sent)
        [cookie] = answer.headers.getlist("Set-Cookie")
        parts = cookie.split("; ")
        assert parts[0].startswith(start)
        assert len(parts[0].partition("=")[2]) == 43
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(parts)
        assert ("Secure" in parts) == bool(more)
        assert "Domain" not in cookie


def test_only_a_hash_of_the_token_is_stored(guarded: FlaskClient, key: Key, database: Database) -> None:
    token = log_in(guarded, key("read"))
    with database.read() as connection:
        [row] = connection.execute(select(browser_sessions)).all()
    assert token not in str(row)
    assert len(row.token_sha256) == 64


def test_a_login_makes_a_new_session_and_ends_the_one_before(
    guarded: FlaskClient, key: Key, database: Database
) -> None:
    """A token that somebody else put into the browser never becomes a session (session fixation)."""
    planted = "A" * 43
    guarded.set_cookie("ebb", planted)
    first = log_in(guarded, key("read"))
    second = log_in(guarded, key("read"))
    assert len({planted, first, second}) == 3
    for token in (planted, first):
        guarded.set_cookie("ebb", token)
        assert guarded.get("/v1/jobs").status_code == 401
    with database.read() as connection:
        assert len(connection.execute(select(browser_sessions)).all()) == 1


def test_logout_ends_the_session_on_the_server(guarded: FlaskClient, key: Key) -> None:
    token = log_in(guarded, key("read"))
    answer = guarded.post("/logout", headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert guarded.get_cookie("ebb") is None
    guarded.set_cookie("ebb", token)
    assert guarded.get("/v1/jobs").status_code == 401


def test_a_session_ends_with_its_key(guarded: FlaskClient, key: Key, database: Database) -> None:
    made = key("read")
    log_in(guarded, made)
    assert guarded.get("/v1/jobs").status_code == 200
    database.write(lambda connection: revoke_key(connection, secret(made).split("_")[1]))
    time.sleep(KEPT_SECONDS)
    assert guarded.get("/v1/jobs").status_code == 401
    assert guarded.get("/").status_code == 303


@pytest.mark.parametrize("column", ["expires_at", "seen_at"])
def test_a_session_ends_after_twelve_hours_and_after_an_idle_one(
    guarded: FlaskClient, key: Key, database: Database, column: str
) -> None:
    log_in(guarded, key("read"))
    change_sessions(database, **{column: now(-IDLE_SECONDS if column == "seen_at" else 0.0)})
    assert guarded.get("/v1/jobs").status_code == 401


def test_the_use_of_a_session_keeps_it(guarded: FlaskClient, key: Key, database: Database) -> None:
    log_in(guarded, key("read"))
    change_sessions(database, seen_at=now(TOUCH_SECONDS - IDLE_SECONDS))
    assert guarded.get("/v1/jobs").status_code == 200
    with database.read() as connection:
        kept = browser_sessions.c.seen_at > now(-TOUCH_SECONDS)
        assert connection.execute(select(browser_sessions.c.key_id).where(kept)).all()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "https://localhost"}, True),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_change_needs_a_page_of_this_server(
    guarded: FlaskClient, key: Key, headers: dict[str, str], allowed: bool
) -> None:
    made = key("admin")
    log_in(guarded, made)
    for address, body in (
        ("/v1/jobs/training", {"json": {}}),
        ("/logout", {}),
        ("/login", {"data": {"key": secret(made)}}),
    ):
        answer = guarded.post(address, headers=headers, **body)
        assert (answer.status_code != 403) == allowed, answer.text
        assert allowed or "a session takes changes only from the pages of this server" in answer.text
        log_in(guarded, made)
    assert guarded.get("/v1/jobs", headers=headers).status_code == 200


def test_a_key_in_the_header_needs_no_origin(guarded: FlaskClient, key: Key) -> None:
    assert guarded.post("/v1/jobs/training", json={}, headers=key("train")).status_code == 422


def test_a_read_only_session_changes_nothing(guarded: FlaskClient, key: Key) -> None:
    log_in(guarded, key("admin"), read_only="on")
    assert "read only" in guarded.get("/").text
    assert guarded.get("/v1/audit").status_code == 200
    answer = guarded.post("/v1/jobs/training", json={}, headers=OWN)
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert "read-only" in answer.json["detail"]
    assert guarded.post("/logout", headers=OWN).status_code == 303


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_a_read_only_server_takes_no_change_from_pages(make_app: Callable[..., Flask], key: Key, host: str) -> None:
    client = make_app(host=host, pages_read_only=True).test_client()
    if host == "0.0.0.0":
        log_in(client, key("admin"))
    assert client.post("/v1/jobs/training", json={}, headers=OWN).status_code == 403
    assert client.post("/v1/jobs/training", json={}, headers=key("admin")).status_code == 422
    assert "read only" in client.get("/").text


def test_invalid_keys_of_the_login_count_as_everywhere(guarded: FlaskClient, key: Key) -> None:
    for _ in range(INVALID_PER_MINUTE):
        answer = guarded.post("/login", data={"key": "ebb_1234_5678"}, headers=OWN)
        assert (answer.status_code, answer.mimetype) == (401, "text/html")
        assert "this key is unknown, expired or revoked" in answer.text
    assert guarded.post("/login", data={"key": "ebb_1234_5678"}, headers=OWN).status_code == 429
    assert guarded.post("/login", data={"key": secret(key("read"))}, headers=OWN).status_code == 303


def test_invalid_sessions_count_as_invalid_keys(guarded: FlaskClient, key: Key) -> None:
    token = log_in(guarded, key("read"))
    statuses = []
    for number in range(INVALID_PER_MINUTE + 1):
        guarded.set_cookie("ebb", f"{number:043}")
        statuses.append(guarded.get("/v1/jobs").status_code)
    assert statuses == [401] * INVALID_PER_MINUTE + [429]
    guarded.set_cookie("ebb", token)
    assert guarded.get("/v1/jobs").status_code == 200  # though this process sees the session for the first time
    guarded.set_cookie("ebb", log_in(guarded, key("read")))
    assert guarded.get("/").status_code == 200


def test_a_key_without_read_cannot_log_in(guarded: FlaskClient, key: Key) -> None:
    answer = guarded.post("/login", data={"key": secret(key("score"))}, headers=OWN)
    assert answer.status_code == 403
    assert "lacks the scope" in answer.text
    assert guarded.get_cookie("ebb") is None


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:x",
        "",
    ],
)
def test_the_login_leads_to_no_other_server(guarded: FlaskClient, key: Key, target: str) -> None:
    answer = guarded.post("/login", data={"key": secret(key("read")), "next": target}, headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    shown = guarded.get("/login", query_string={"next": target})
    assert 'name="next" value="/"' in shown.text


def test_login_and_logout_have_a_line_in_the_audit_log(guarded: FlaskClient, key: Key, database: Database) -> None:
    made = key("read")
    log_in(guarded, made, read_only="on")
    guarded.post("/logout", headers=OWN)
    with database.read() as connection:
        page = list_audit(connection, actor=secret(made).split("_")[1], page_size=10)
    assert [(row.action, row.data) for row in page.rows] == [
        ("session.closed", {}),
        ("session.opened", {"read_only": True}),
    ]
    assert all(row.request_id for row in page.rows)


def test_a_large_form_is_refused(guarded: FlaskClient) -> None:
    answer = guarded.post("/login", data={"key": "x" * 20_000}, headers=OWN)
    assert (answer.status_code, answer.mimetype) == (413, "text/html")


def test_a_server_without_keys_needs_no_login(client: FlaskClient) -> None:
    assert client.get("/").status_code == 200
    assert "Log out" not in client.get("/").text
    assert client.get("/login").headers["Location"] == "/"


def test_pages_can_be_neither_framed_nor_cached_and_run_no_script_of_others(client: FlaskClient) -> None:
    headers = client.get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    for address in ("/", "/login?next=/"):
        text = client.get(address, follow_redirects=True).text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text)


def test_errors_of_pages_are_pages(client: FlaskClient) -> None:
    for address in ("/?nothing=<b>", "/nowhere"):
        answer = client.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code in (404, 422), answer.mimetype) == (True, "text/html")
        assert "<b>" not in answer.text
        assert "Content-Security-Policy" in answer.headers
    assert client.get("/nowhere").mimetype == "application/problem+json"
