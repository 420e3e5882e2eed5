"""Readiness lists missing parts. Liveness depends on nothing."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.server.factory import create_app
from store.clock import now
from store.database import Database, open_database
from store.doorbell import SilentDoorbell
from store.migrate import downgrade
from store.settings import Settings
from store.tables import workers
from store.workers import register_worker


def failing(client: FlaskClient) -> list[str]:
    answer = client.get("/readyz")
    if answer.status_code == 200:
        return []
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    return [error["pointer"] for error in answer.json["errors"]]


def test_the_service_is_ready_once_a_worker_was_seen(client: FlaskClient, database: Database) -> None:
    assert failing(client) == ["/checks/worker"]
    database.write(lambda connection: register_worker(connection, "w"))
    assert client.get("/readyz").json == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "worker": "ok"},
        "unserved": [],
    }


def test_a_waiting_kind_without_a_worker_is_named(client: FlaskClient, database: Database, dataset: str) -> None:
    assert client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).status_code == 202
    database.write(lambda connection: register_worker(connection, "w", ["scoring", "replay"]))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["unserved"]) == (200, ["training"])
    database.write(lambda connection: register_worker(connection, "v", ["training"]))
    assert client.get("/readyz").json["unserved"] == []


def test_a_worker_not_seen_for_three_heartbeats_does_not_count(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    database.write(lambda connection: register_worker(connection, "w"))
    for missed, expected in ((2, []), (4, ["/checks/worker"])):
        seen = now(-missed * settings.heartbeat_seconds)
        database.write(lambda connection, seen=seen: connection.execute(workers.update().values(seen_at=seen)))
        assert failing(client) == expected


def test_tables_of_another_release_are_not_ready(client: FlaskClient, database: Database) -> None:
    downgrade(database)
    assert failing(client) == ["/checks/migrations"]
    assert "ebb migrate" in client.get("/readyz").json["detail"]


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:9/none", "sqlite:////proc/none.db"])
def test_without_an_answer_of_the_database_it_is_live_and_not_ready(sqlite_file: str, url: str) -> None:
    settings = replace(Settings(database_url=sqlite_file), database_url=url)
    client = create_app(settings, open_database(url), SilentDoorbell()).test_client()
    assert failing(client) == ["/checks/database"]
    assert client.get("/livez").json == {"status": "alive"}


def test_the_front_page_leads_to_the_contract(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.mimetype == "text/html"
    assert '<a href="/docs">' in answer.text


def test_forwarded_headers_are_trusted_only_with_a_configured_proxy(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO", "ebb.access")
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    for proxies, client in ((0, "127.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9")):
        make_app(proxies=proxies).test_client().get("/v1/jobs", headers=forwarded)
        assert json.loads(capfd.readouterr().err)["client"] == client
