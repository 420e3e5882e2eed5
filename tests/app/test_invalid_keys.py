"""Invalid keys: limited by address, cheap for the database, harmless for other clients."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from app.access.invalid_key_limit import INVALID_PER_MINUTE
from app.edge.ttl_cache import KEPT_SECONDS
from store.database import Database
from store.keys import create_key, new_key

Key = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def asked(database: Database) -> Iterator[list[str]]:
    """The database queries for keys."""
    statements: list[str] = []

    def note(*arguments: object) -> None:
        if "api_keys" in str(arguments[2]) and str(arguments[2]).startswith("SELECT"):
            statements.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def guess(client: FlaskClient, key: str = "", address: str = "192.0.2.1") -> int:
    headers = {"Authorization": f"Bearer {key or new_key()}"}
    return client.get("/v1/jobs", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code


def exhaust(client: FlaskClient, address: str = "192.0.2.1") -> None:
    told = [guess(client, address=address) for _ in range(INVALID_PER_MINUTE)]
    assert set(told) == {401}
    assert guess(client, address=address) == 429


def test_invalid_keys_of_an_address_are_soon_refused_without_a_query(guarded: FlaskClient, asked: list[str]) -> None:
    exhaust(guarded)
    before = len(asked)
    assert {guess(guarded) for _ in range(20)} == {429}
    assert len(asked) < before + 10, "no more than which keys there are, now and then"
    refused = guarded.get(
        "/v1/jobs", headers={"Authorization": f"Bearer {new_key()}"}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.json["type"] == "urn:problem-type:ebb:guesses"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert guess(guarded, address="192.0.2.2") == 401, "another address has done nothing"


def test_an_ipv6_network_counts_as_one_address(guarded: FlaskClient) -> None:
    exhaust(guarded, "2001:db8:1:2::1")
    assert guess(guarded, address="2001:db8:1:2:ffff::7") == 429
    assert guess(guarded, address="2001:db8:1:3::1") == 401


def test_a_valid_key_new_to_this_process_does_not_count_as_invalid(guarded: FlaskClient, key: Key) -> None:
    exhaust(guarded)
    unseen = key("read")["Authorization"].removeprefix("Bearer ")
    time.sleep(KEPT_SECONDS + 0.01)
    assert guess(guarded, unseen) == 200
    assert guess(guarded, unseen[:-1] + ("0" if unseen[-1] != "0" else "1")) == 429, "its id alone opens nothing"


def test_a_valid_key_works_beside_invalid_keys_of_its_address(guarded: FlaskClient, key: Key) -> None:
    used = key("read")["Authorization"].removeprefix("Bearer ")
    assert guess(guarded, used) == 200
    exhaust(guarded)
    time.sleep(KEPT_SECONDS + 0.01)  # so that it is queried again
    assert guess(guarded, used) == 200


def test_valid_and_absent_keys_do_not_count_as_invalid(guarded: FlaskClient, key: Key) -> None:
    headers = key("read", requests_per_minute=100_000)
    for _ in range(INVALID_PER_MINUTE + 1):
        assert guarded.get("/v1/jobs", headers=headers).status_code == 200
        assert guarded.get("/v1/jobs").status_code == 401


def test_a_repeated_invalid_key_is_queried_rarely(guarded: FlaskClient, asked: list[str]) -> None:
    wrong, begun = new_key(), time.monotonic()
    assert {guess(guarded, wrong) for _ in range(20)} == {401}
    assert len(asked) <= 1 + (time.monotonic() - begun) / KEPT_SECONDS


def test_a_malformed_key_causes_no_query(guarded: FlaskClient, asked: list[str]) -> None:
    assert {guess(guarded, wrong) for wrong in ("x", "ebb_1_2", "ebb_00000000_" + "z" * 48)} == {401}
    assert asked == []


def test_a_key_used_before_its_creation_works_within_a_second(guarded: FlaskClient, database: Database) -> None:
    coming = new_key()
    assert guess(guarded, coming) == 401
    database.write(lambda connection: create_key(connection, "test", ["read"], key=coming))
    time.sleep(KEPT_SECONDS + 0.01)
    assert guess(guarded, coming) == 200


def test_many_threads_cannot_try_many_more_keys_than_one(guarded: FlaskClient) -> None:
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda: told.extend(guess(guarded.application.test_client()) for _ in range(25)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert INVALID_PER_MINUTE <= told.count(401) <= INVALID_PER_MINUTE + 10


def test_a_request_beyond_its_scope_counts_for_its_key(guarded: FlaskClient, key: Key) -> None:
    headers = key("score", requests_per_minute=3)
    told = [guarded.get("/v1/jobs", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in told] == [403, 403, 403, 429]
    assert told[0].headers["RateLimit"].startswith('"key";r=2;')
