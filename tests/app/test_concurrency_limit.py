"""A large batch waits half a second for a place, an upload not at all."""

import json
import threading
import time

import pytest
from flask import Flask

from app.errors import ConcurrencyLimitError
from app.limits.concurrency_limit import ConcurrencyLimit
from app.parsing.request_parsing import LARGE_BYTES

WAIT_SECONDS = 0.5


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens before the estimator is used."""
    return sqlite_file


def test_a_request_gets_the_place_that_is_given_back_while_it_waits() -> None:
    limit = ConcurrencyLimit(1, "taken", wait=60.0)
    limit.enter()
    begun = time.monotonic()
    threading.Timer(0.1, limit.leave).start()
    with limit.held():
        assert time.monotonic() - begun >= 0.1
        assert limit.taken == 1
    assert limit.taken == 0


@pytest.mark.parametrize("wait", [0.0, 0.2])
def test_a_request_is_refused_after_its_wait(wait: float) -> None:
    limit = ConcurrencyLimit(1, "taken", wait=wait)
    with limit.held():
        begun = time.monotonic()
        with pytest.raises(ConcurrencyLimitError, match="taken"):
            limit.enter()
        assert time.monotonic() - begun >= wait
    with limit.held():
        pass


@pytest.mark.usefixtures("champion")
def test_a_large_batch_waits_for_a_place_and_a_small_one_needs_none(app: Flask, record: dict[str, object]) -> None:
    services, client = app.extensions["ebb"], app.test_client()
    batches = services.batches
    for _ in range(services.settings.web_threads // 4):
        batches.enter()
    large = json.dumps({"records": [record]}) + " " * LARGE_BYTES

    def score(body: str) -> int:
        return client.post("/v1/models/churn/score", data=body, content_type="application/json").status_code

    assert score(json.dumps({"records": [record]})) == 200
    begun = time.monotonic()
    assert score(large) == 503
    assert time.monotonic() - begun >= WAIT_SECONDS
    batches.leave()
    assert score(large) == 200
    assert score(large) == 200, "the place was given back"


def test_large_bodies_of_other_routes_count_for_the_same_places(app: Flask) -> None:
    services, client = app.extensions["ebb"], app.test_client()

    def submit(body: str) -> int:
        return client.post("/v1/jobs/training", data=body, content_type="application/json").status_code

    for _ in range(services.settings.web_threads // 4):
        services.batches.enter()
    assert submit("{}") == 422
    assert submit("{}" + " " * LARGE_BYTES) == 503
    services.batches.leave()
    assert submit("{}" + " " * LARGE_BYTES) == 422
