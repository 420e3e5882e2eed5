"""The rate limit of a key holds over all processes."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.broker import Broker
from store.database import Database
from store.keys import create_key
from store.settings import Settings
from tests.app.running import PATIENCE, served

Key = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture(autouse=True)
def one_minute() -> None:
    """A test ends in the minute in which it began: with the next one, keys have their requests again."""
    left = 60 - time.time() % 60
    if left < 15:
        time.sleep(left)


def test_a_key_beyond_its_rate_limit_is_429_with_retry_after(guarded: FlaskClient, key: Key) -> None:
    header = key("read", requests_per_minute=2)
    answers = [guarded.get("/v1/jobs", headers=header) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit"][:10] for answer in answers] == ['"key";r=1;', '"key";r=0;', '"key";r=0;']
    assert all(answer.headers["RateLimit-Policy"] == '"key";q=2;w=60' for answer in answers)
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert answers[2].json["type"] == "urn:problem-type:ebb:rate"
    assert guarded.get("/livez", headers=header).status_code == 200
    assert guarded.get("/v1/jobs", headers=key("read", requests_per_minute=2)).status_code == 200


def test_a_key_without_a_rate_limit_has_that_of_the_setting(make_app: Callable[..., Flask], key: Key) -> None:
    client = make_app(host="0.0.0.0", requests_per_minute=1).test_client()
    plain, own = key("read"), key("read", requests_per_minute=3)
    assert [client.get("/v1/jobs", headers=plain).status_code for _ in range(2)] == [200, 429]
    assert [client.get("/v1/jobs", headers=own).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_without_a_limit_nothing_is_counted_or_reported(guarded: FlaskClient, key: Key) -> None:
    assert "RateLimit" not in guarded.get("/v1/jobs", headers=key("read")).headers


def test_the_processes_of_a_server_count_together(
    tmp_path: Path, sqlite_file: str, database: Database, broker: Broker
) -> None:
    key = database.write(lambda connection: create_key(connection, "t", ["read"], requests_per_minute=25))
    settings = Settings(home=tmp_path, database_url=sqlite_file, redis_url=broker.url, port=0, web_processes=3)
    with served(settings) as server:

        def ask(_: int) -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return httpx.get(f"{server.url}/v1/jobs", headers=headers, trust_env=False, timeout=PATIENCE).status_code

        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(ask, range(60)))
    assert codes.count(200) == 25, server.lines
    assert codes.count(200) + codes.count(429) == 60
