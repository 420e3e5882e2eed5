"""A repeated upload waits while the first one is being answered, and not longer."""

import hashlib
import time
from http import HTTPStatus

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.edge.exchange import begin_exchange, this_request
from app.edge.idempotency import answer_once
from store.clock import now
from store.database import Database
from store.idempotency import ABANDONED_SECONDS, RENEW_SECONDS
from store.tables import idempotent_answers as answers
from tests.app.conftest import CSV

ADDRESS = "/v1/datasets?target=churned&id=customer_id&name=home"
HEADERS = {"Idempotency-Key": "k", "Content-Type": "text/csv"}


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def test_a_concurrent_equal_upload_gets_retry_after(app: Flask, client: FlaskClient, database: Database) -> None:
    meanwhile: list[TestResponse] = []

    def make() -> Response:
        meanwhile.append(client.post(ADDRESS, data=CSV, headers=HEADERS))
        return Response("made", HTTPStatus.CREATED)

    with app.test_request_context(ADDRESS, method="POST", headers=HEADERS):
        begin_exchange(this_request(), None)
        answer_once(database, hashlib.sha256(CSV).hexdigest(), make)
    [refused] = meanwhile
    assert (refused.status_code, refused.mimetype) == (409, "application/problem+json")
    assert refused.json["type"] == "urn:problem-type:ebb:in-flight"
    assert 1 <= int(refused.headers["Retry-After"]) <= RENEW_SECONDS
    again = client.post(ADDRESS, data=CSV, headers=HEADERS)
    assert (again.status_code, again.text, again.headers["Idempotency-Replayed"]) == (201, "made", "true")


def test_a_slow_request_renews_its_idempotency_key(app: Flask, database: Database) -> None:
    def make() -> Response:
        old = update(answers).values(created_at=now(-2 * ABANDONED_SECONDS))
        database.write(lambda connection: connection.execute(old))
        fresh = select(answers).where(answers.c.created_at > now(-ABANDONED_SECONDS))
        until = time.monotonic() + 10 * RENEW_SECONDS
        while time.monotonic() < until:
            with database.read() as connection:
                if connection.execute(fresh).first() is not None:
                    return Response("made")
            time.sleep(0.05)
        raise AssertionError("it was not renewed")

    with app.test_request_context(ADDRESS, method="POST", headers=HEADERS):
        begin_exchange(this_request(), None)
        assert answer_once(database, "0" * 64, make).data == b"made"
