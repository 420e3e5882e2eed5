"""All errors are problem+json, with the request id and without secrets."""

import json
import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.edge.problems import TABLE
from app.server.factory import create_app
from model import errors as model_errors
from store import errors as store_errors
from store.database import open_database
from store.doorbell import SilentDoorbell
from store.settings import Settings
from store.tables import jobs

MEMBERS = {"type", "title", "status", "detail", "instance", "errors", "request_id"}


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens before the database."""
    return sqlite_file


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1//jobs", 404),
        ("GET", "/v1/jobs/", 404),
        ("GET", "/v1/jobs/01890000-0000-7000-8000-000000000000", 404),
        ("GET", "/v1/models/churn/versions/99999999999999999999", 404),
        ("GET", "/v1/models/ch%00urn/versions", 404),
        ("GET", "/v1/models/churn/versions", 404),
        ("GET", "/v1/jobs/not-an-id", 404),
        ("GET", "/v1/jobs/training", 405),
        ("DELETE", "/v1/jobs", 405),
        ("POST", "/livez", 405),
    ],
)
def test_a_refusal_has_every_member_of_the_contract(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert set(answer.json) == MEMBERS
    assert answer.json["status"] == status
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert answer.json["detail"]


def test_405_has_the_allowed_methods(client: FlaskClient) -> None:
    assert "GET" in client.post("/livez").headers["Allow"]


def test_an_internal_error_is_500_and_its_reason_is_only_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    @app.get("/break")
    def _break() -> str:
        raise RuntimeError("customer c-77 pays 12.50")

    answer = app.test_client().get("/break")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "c-77" not in answer.text
    line = next(record for record in caplog.records if record.exc_info)
    assert answer.json["request_id"] in line.getMessage()


def test_running_out_of_memory_is_413_with_a_remedy(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    @app.get("/fill")
    def _fill() -> str:
        raise MemoryError("Unable to allocate 7.5 TiB of customers")

    answer = app.test_client().get("/fill")
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert "send less at once" in answer.json["detail"]
    assert "TiB" not in answer.text
    assert "MemoryError" in caplog.text


def test_a_database_outage_is_503_with_retry_after() -> None:
    settings = Settings(database_url="postgresql://u:secret@127.0.0.1:9/none")
    answer = create_app(settings, open_database(settings.database_url), SilentDoorbell()).test_client().get("/v1/jobs")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.text
    assert "127.0.0.1" not in answer.text


def test_missing_tables_are_an_internal_error(client: FlaskClient, database: object) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {jobs.name} RENAME TO gone")
    answer = client.get("/v1/jobs")
    assert answer.status_code in (500, 503)
    assert "jobs" not in answer.json["detail"]


@pytest.mark.parametrize("given", ["abc-123", "a.b:c_D", "x" * 128])
def test_a_request_id_of_the_client_is_echoed(client: FlaskClient, given: str) -> None:
    assert client.get("/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "ä", '{"a":1}'])
def test_a_request_id_that_could_harm_a_log_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/livez", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] not in ("", given)


def test_every_answer_has_the_security_headers(client: FlaskClient) -> None:
    for path in ("/livez", "/nowhere", "/"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_request_is_one_log_line_without_query_or_body(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, "ebb.access")
    headers = {"X-Request-ID": "r-1"}
    client.post("/v1/models/churn/score?alias=hush", json={"records": [{"name": "Ada"}]}, headers=headers)
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "ebb.access" in line]
    facts = json.loads(line)
    assert (facts["request_id"], facts["method"], facts["path"]) == ("r-1", "POST", "/v1/models/churn/score")
    assert facts["status"] == 404
    assert "Ada" not in line
    assert "hush" not in line


def test_every_error_of_the_store_and_of_reading_has_its_line_in_the_table() -> None:
    unseen = {  # never raised in a request
        store_errors.SettingsError,
        store_errors.LeaseLostError,
        model_errors.ShapeError,  # arrays of the program that do not fit: an internal error, 500
        model_errors.FileError,
        model_errors.DivergedError,
        model_errors.CheckpointError,
        model_errors.SweepError,
    }
    for package, root in ((store_errors, store_errors.StoreError), (model_errors, model_errors.ModelError)):
        kinds = {kind for kind in vars(package).values() if isinstance(kind, type) and issubclass(kind, root)}
        assert kinds - {root} - unseen <= TABLE.keys()


@pytest.mark.parametrize("path", ["/v1/jobs/not-an-id", "/v1/jobs/not-an-id/epochs", "/v1/datasets/7", "/nowhere"])
def test_an_invalid_address_is_a_clear_error(client: FlaskClient, path: str) -> None:
    told = client.get(path).json
    assert told["status"] == 404
    assert told["detail"].startswith("no route has this path: /docs lists")


def test_an_empty_answer_has_no_content_type(client: FlaskClient, dataset: str) -> None:
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    client.post(f"/v1/jobs/{job}/cancel")
    last = client.get(f"/v1/jobs/{job}/events").text.rpartition("\nid: ")[2].partition("\n")[0]
    nothing = client.get(f"/v1/jobs/{job}/events", headers={"Last-Event-ID": last})
    assert (nothing.status_code, nothing.data) == (204, b"")
    assert "Content-Type" not in nothing.headers


def test_an_address_lists_its_methods(client: FlaskClient) -> None:
    options = client.options("/v1/jobs")
    assert (options.status_code, options.data, options.allow.as_set()) == (200, b"", {"get", "head", "options"})


def test_a_detail_escapes_terminal_control_characters(client: FlaskClient) -> None:
    answer = client.get("/v1/jobs", query_string={"ana\u202e\x1b": "1"})
    assert answer.json["detail"].startswith("/query/ana\\u202e\\u001b: is not known here")
    assert answer.json["errors"][0]["pointer"] == "/query/ana\u202e\x1b", "a program's, to be compared"
