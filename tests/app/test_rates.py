"""A key calls as often as it may, however many processes answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.edge.allowances import PROBES, SLOTS, Allowances
from store.database import Database
from store.keys import create_key
from store.settings import Settings
from tests.app.running import PATIENCE, served

Key = Callable[..., dict[str, str]]


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def passed(allowances: Allowances, key_id: str, quota: int, times: int) -> int:
    return sum(allowances.take(key_id, quota).refused_for_s is None for _ in range(times))


@pytest.mark.parametrize("quota", [1, 3, 7, 60, 100, 6000])
def test_an_idle_key_may_send_its_minute_at_once_and_not_one_more(quota: int) -> None:
    clock = Clock()
    allowances = Allowances(clock)
    assert passed(allowances, "0badcafe", quota, quota + 5) == quota
    refused = allowances.take("0badcafe", quota)
    assert refused.refused_for_s == pytest.approx(60 / quota)
    clock.now += refused.refused_for_s
    assert passed(allowances, "0badcafe", quota, 2) == 1, "one comes back when it was said to"
    clock.now += 60
    assert passed(allowances, "0badcafe", quota, quota + 5) == quota


def test_what_is_left_is_told_truly() -> None:
    allowances = Allowances(Clock())
    told = [allowances.take("0badcafe", 4) for _ in range(4)]
    assert [one.remaining for one in told] == [3, 2, 1, 0]
    assert [one.whole_in_s for one in told] == pytest.approx([15, 30, 45, 60])


def test_over_an_hour_a_greedy_key_gets_its_rate_and_one_burst() -> None:
    clock = Clock()
    allowances = Allowances(clock)
    total = 0
    for _ in range(36_000):
        total += passed(allowances, "0badcafe", 30, 1)
        clock.now += 0.1
    assert 60 * 30 <= total <= 61 * 30


def test_keys_do_not_share_and_there_is_always_room_for_another() -> None:
    allowances = Allowances(Clock())
    same_place = [f"{7 + n * SLOTS:08x}" for n in range(PROBES * 3)]
    for key_id in same_place:
        assert passed(allowances, key_id, 1, 1) == 1
    assert passed(allowances, same_place[-1], 1, 1) == 0


def test_a_key_beyond_its_rate_is_429_and_told_when_to_come_back(guarded: FlaskClient, key: Key) -> None:
    header = key("read", requests_per_minute=2)
    answers = [guarded.get("/v1/jobs", headers=header) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit"] for answer in answers] == [
        '"key";r=1;t=30',
        '"key";r=0;t=60',
        '"key";r=0;t=60',
    ]
    assert all(answer.headers["RateLimit-Policy"] == '"key";q=2;w=60' for answer in answers)
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
    assert answers[2].json["type"] == "urn:problem-type:ebb:rate"
    assert guarded.get("/livez", headers=header).status_code == 200
    assert guarded.get("/v1/jobs", headers=key("read", requests_per_minute=2)).status_code == 200


def test_a_key_without_a_number_of_its_own_has_that_of_the_setting(make_app: Callable[..., Flask], key: Key) -> None:
    client = make_app(host="0.0.0.0", requests_per_minute=1).test_client()
    plain, own = key("read"), key("read", requests_per_minute=3)
    assert [client.get("/v1/jobs", headers=plain).status_code for _ in range(2)] == [200, 429]
    assert [client.get("/v1/jobs", headers=own).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_without_a_limit_nothing_is_counted_or_told(guarded: FlaskClient, key: Key) -> None:
    assert "RateLimit" not in guarded.get("/v1/jobs", headers=key("read")).headers


def test_the_processes_of_a_server_count_together(tmp_path: Path, sqlite_file: str, database: Database) -> None:
    key = database.write(lambda connection: create_key(connection, "t", ["read"], requests_per_minute=25))
    settings = replace(Settings(home=tmp_path, database_url=sqlite_file, port=0, web_processes=3), web_threads=2)
    with served(settings) as server:

        def ask(_: int) -> int:
            headers = {"Authorization": f"Bearer {key}"}
            return httpx.get(f"{server.url}/v1/jobs", headers=headers, trust_env=False, timeout=PATIENCE).status_code

        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(ask, range(60)))
    assert codes.count(200) in (25, 26, 27), "25, and one for each 2.4 s that the 60 took"
    assert codes.count(200) + codes.count(429) == 60
