"""Metrics for Prometheus, with bounded labels."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app.edge.ttl_cache import KEPT_SECONDS
from app.server.factory import create_app
from store.database import Database, open_database
from store.doorbell import SilentDoorbell
from store.jobs.cancel import cancel
from store.jobs.finish import fail
from store.settings import Settings
from store.workers import register_worker
from tests.app.test_jobs import start
from tests.worker.outages import outage

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: FlaskClient, headers: dict[str, str] | None = None) -> Samples:
    answer = client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.headers["Cache-Control"] == "no-store"
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def test_requests_are_counted_by_route_method_and_class_of_status(client: FlaskClient) -> None:
    for path in ("/v1/jobs", "/v1/jobs", "/v1/jobs?state=x", "/v1/models/none/versions", "/v1/models/other/versions"):
        client.get(path)
    told = scrape(client)
    jobs = {"route": "/v1/jobs", "method": "GET"}
    assert value(told, "ebb_http_requests_total", **jobs, status="2xx") == 2
    assert value(told, "ebb_http_requests_total", **jobs, status="4xx") == 1
    versions = {"route": "/v1/models/{name}/versions", "method": "GET"}
    assert value(told, "ebb_http_requests_total", **versions, status="4xx") == 2
    assert value(told, "ebb_http_request_seconds_count", **jobs) == 3
    assert value(told, "ebb_http_request_seconds_bucket", **jobs, le="+Inf") == 3
    assert 0 < value(told, "ebb_http_request_seconds_sum", **jobs) < 30


def test_invented_paths_add_no_label(client: FlaskClient) -> None:
    for number in range(5):
        client.get(f"/made/up/{number}")
        client.open("/v1/jobs", method=f"MADE{number}")
    told = scrape(client)
    assert value(told, "ebb_http_requests_total", route="none", method="other", status="4xx") == 10
    assert not [labels for _, labels in told if "made" in str(labels).lower()]


def test_refused_requests_are_counted(client: FlaskClient) -> None:
    client.get("/readyz")
    assert value(scrape(client), "ebb_http_shed_requests_total", route="/readyz", status="503") == 1


def test_scored_records_are_counted(client: FlaskClient, champion: int, record: dict[str, object]) -> None:
    records = [record, record | {"customer_id": "c-2"}, record | {"months": "many"}]
    assert client.post("/v1/models/churn/score", json={"records": records}).status_code == 200
    told = scrape(client)
    assert value(told, "ebb_scored_records_total", outcome="scored") == 2
    assert value(told, "ebb_scored_records_total", outcome="refused") == 1


def named(text: str) -> set[str]:
    """Return the names of metrics in a text, without the suffixes of Prometheus."""
    names = re.findall(r"\bebb_[a-z_]+", text)
    return {re.sub(r"_(total|bucket|count|sum|created)$", "", name) for name in names}


def test_alerts_name_metrics_there_are_and_the_operations_page_names_them_all(
    client: FlaskClient, database: Database, dataset: str
) -> None:
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    database.write(lambda connection: cancel(connection, job, by="somebody"))
    client.get("/readyz")
    there = {re.sub(r"_(total|bucket|count|sum|created)$", "", name) for name, _ in scrape(client)}
    root = Path(__file__).parents[2]
    assert named((root / "deploy" / "alerts.yml").read_text()) <= there
    assert there <= named((root / "docs" / "operations.md").read_text())


def test_jobs_are_counted_from_the_database(client: FlaskClient, database: Database, dataset: str) -> None:
    body = {"model": "churn", "dataset": dataset}
    ids = [client.post("/v1/jobs/training", json=body).json["id"] for _ in range(3)]
    start(database, ids[0])
    claimed = start(database, ids[1])
    database.write(lambda connection: fail(connection, claimed, code="diverged", text="lower it"))
    database.write(lambda connection: register_worker(connection, "w"))
    told = scrape(client)
    assert value(told, "ebb_jobs_queued", kind="training") == 1
    assert value(told, "ebb_jobs_queued", kind="scoring") == 0
    assert 0 <= value(told, "ebb_jobs_queued_oldest_seconds", kind="training") < 60
    assert value(told, "ebb_jobs_running", kind="training") == 1
    assert 0 <= value(told, "ebb_jobs_running_oldest_seconds", kind="training") < 60
    failed = {"kind": "training", "state": "failed"}
    assert value(told, "ebb_jobs_finished_total", **failed, error_code="diverged") == 1
    assert value(told, "ebb_jobs_finished_total", kind="training", state="succeeded", error_code="") == 0
    assert value(told, "ebb_job_duration_seconds_bucket", **failed, le="60.0") == 1
    assert value(told, "ebb_job_duration_seconds_count", **failed) == 1
    assert value(told, "ebb_job_wait_seconds_count", kind="training") == 2
    assert value(told, "ebb_jobs_strikes_total", kind="training") == 0
    assert value(told, "ebb_jobs_lease_losses_total", kind="training") == 0
    assert (value(told, "ebb_workers_alive"), value(told, "ebb_database_up")) == (1, 1)
    assert (value(told, "ebb_checkpoints"), value(told, "ebb_checkpoint_bytes")) == (0, 0)


def test_an_open_stream_is_counted_until_it_is_closed(client: FlaskClient, dataset: str) -> None:
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    stream = client.get(f"/v1/jobs/{job}/events", buffered=False)
    assert value(scrape(client), "ebb_event_streams") == 1
    stream.close()
    assert value(scrape(client), "ebb_event_streams") == 0


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:9/none", "sqlite:////proc/none.db"])
def test_without_a_database_requests_are_counted_all_the_same(sqlite_file: str, url: str) -> None:
    client = create_app(Settings(database_url=sqlite_file), open_database(url), SilentDoorbell()).test_client()
    client.get("/livez")
    told = scrape(client)
    assert value(told, "ebb_database_up") == 0
    assert value(told, "ebb_http_requests_total", route="/livez", method="GET", status="2xx") == 1
    assert not [name for name, _ in told if name.startswith("ebb_jobs")]


def test_beyond_loopback_metrics_need_a_key_with_read(guarded: FlaskClient, key: Callable[..., dict[str, str]]) -> None:
    assert guarded.get("/metrics").status_code == 401
    assert guarded.get("/metrics", headers=key("score")).status_code == 403
    assert value(scrape(guarded, key("read")), "ebb_database_up") == 1


def test_metrics_of_an_outage_need_a_key_that_was_valid_before(
    guarded: FlaskClient, key: Callable[..., dict[str, str]], database: Database
) -> None:
    known, never_sent = key("read"), key("read")
    scrape(guarded, known)
    with outage(database):
        time.sleep(KEPT_SECONDS + 0.01)
        assert value(scrape(guarded, known), "ebb_database_up") == 0
        assert guarded.get("/v1/jobs", headers=known).status_code == 503, "nothing else goes by what was"
        assert guarded.get("/metrics", headers=never_sent).status_code == 503
    assert value(scrape(guarded, known), "ebb_database_up") == 1


def test_open_metrics_is_sent_on_request(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.mimetype == "application/openmetrics-text"
    assert answer.text.endswith("# EOF\n")
