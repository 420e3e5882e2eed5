"""Scoring jobs over HTTP: of a dataset or an uploaded table, pinned to one version."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.artifacts import ArtifactStore
from store.database import Database
from store.jobs.claim import claim
from store.jobs.finish import fail, succeed
from store.results import add_result
from store.settings import Settings

SCORING = "/v1/jobs/scoring"
TABLE = b"customer_id,months,monthly_charge,support_tickets,usage_hours\nc-1,24,79.99,2,45\nc-2,3,20,0,10\n"


def submit(client: FlaskClient, body: dict[str, object], **headers: str) -> Any:
    return client.post(SCORING, json=body, headers=headers)


def send(client: FlaskClient, query: str = "model=churn", data: bytes = TABLE, **more: Any) -> Any:
    return client.post(f"{SCORING}?{query}", data=data, content_type=more.pop("content_type", "text/csv"), **more)


def test_a_scoring_of_a_dataset_is_accepted_and_pinned_to_a_version(
    client: FlaskClient, dataset: str, champion: int
) -> None:
    answer = submit(client, {"model": "churn", "dataset": dataset, "explain": 2})
    assert answer.status_code == 202, answer.text
    job = answer.json
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert "Retry-After" in answer.headers
    assert (job["kind"], job["state"], job["dataset"]) == ("scoring", "queued", dataset)
    assert job["params"] == {"version": champion, "alias": "champion", "output": "csv", "explain": 2}
    assert job["progress"]["unit"] == "rows"


def test_a_direction_of_reasons_is_part_of_the_job(client: FlaskClient, dataset: str, champion: int) -> None:
    asked = {"version": champion, "alias": "champion", "output": "csv", "explain": 2, "direction": "raising"}
    answer = submit(client, {"model": "churn", "dataset": dataset, "explain": 2, "direction": "raising"})
    assert answer.json["params"] == asked
    assert send(client, "model=churn&explain=2&direction=raising").json["params"] == asked
    lone = submit(client, {"model": "churn", "dataset": dataset, "direction": "raising"})
    assert (lone.status_code, lone.json["errors"][0]["pointer"]) == (422, "/direction")
    lone = send(client, "model=churn&direction=raising")
    assert (lone.status_code, lone.json["errors"][0]["pointer"]) == (422, "/query/direction")


def test_a_version_can_be_named(client: FlaskClient, dataset: str, champion: int) -> None:
    answer = submit(client, {"model": "churn", "dataset": dataset, "version": champion, "output": "parquet"})
    assert answer.json["params"] == {"version": champion, "alias": None, "output": "parquet", "explain": 0}


def test_the_table_itself_becomes_a_dataset_without_target(client: FlaskClient, champion: int) -> None:
    answer = send(client, "model=churn&output=ndjson&explain=1&name=october")
    assert answer.status_code == 202, answer.text
    told = client.get(f"/v1/datasets/{answer.json['dataset']}").json
    assert (told["target"], told["id_column"], told["rows"], told["name"]) == (None, None, 2, "october")
    assert answer.json["params"] == {"version": champion, "alias": "champion", "output": "ndjson", "explain": 1}
    again = send(client, "model=churn")
    assert again.json["dataset"] == answer.json["dataset"], "the same bytes are the same dataset"
    assert again.json["id"] != answer.json["id"]


def test_a_table_for_a_missing_model_is_not_stored(client: FlaskClient) -> None:
    assert send(client, "model=nobody").status_code == 404
    assert send(client, "model=nobody&version=3").status_code == 404
    assert client.get("/v1/datasets").json["datasets"] == []


def test_a_dataset_without_target_cannot_be_trained_on(client: FlaskClient, champion: int) -> None:
    dataset = send(client).json["dataset"]
    answer = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/dataset"
    assert "has no target" in answer.text


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"alias": "champion", "version": 1}, 422, "/version"),
        ({"dataset": "01a20a53-aae9-7758-937f-2b0a0d8333a7"}, 422, "/dataset"),
        ({"output": "xlsx"}, 422, "/output"),
        ({"explain": -1}, 422, "/explain"),
        ({"records": []}, 422, "/records"),
        ({"version": 99}, 404, None),
        ({"alias": "challenger"}, 404, None),
        ({"model": "nobody"}, 404, None),
    ],
)
def test_what_does_not_fit_is_refused(  # noqa: PLR0917 - one a case
    client: FlaskClient, dataset: str, champion: int, body: dict[str, object], status: int, pointer: str | None
) -> None:
    answer = submit(client, {"model": "churn", "dataset": dataset, **body})
    assert answer.status_code == status, answer.text
    assert [error["pointer"] for error in answer.json["errors"]] == ([pointer] if pointer else [])
    assert client.get("/v1/jobs?kind=scoring").json["jobs"] == []


@pytest.mark.parametrize(
    ("query", "data", "kind", "status"),
    [
        ("", TABLE, "text/csv", 422),
        ("model=churn&alias=champion&version=1", TABLE, "text/csv", 422),
        ("model=churn", b"a,b\n1\n", "text/csv", 422),
        ("model=churn", b"", "text/csv", 422),
        ("model=churn", TABLE, "text/plain", 415),
        ("model=churn", b"{}", "application/json", 422),
        ("model=churn", TABLE * 2000, "text/csv", 413),
    ],
)
def test_a_table_that_does_not_fit_is_refused_and_not_stored(  # noqa: PLR0917 - one a case
    client: FlaskClient, champion: int, settings: Settings, query: str, data: bytes, kind: str, status: int
) -> None:
    before = client.get("/v1/datasets").json
    assert send(client, query, data, content_type=kind).status_code == status
    assert client.get("/v1/datasets").json == before
    assert not list(settings.artifacts.glob(".upload-*"))


def test_the_same_key_gives_the_first_job_though_the_alias_moved(
    client: FlaskClient, dataset: str, champion: int, add_version: Callable[..., int]
) -> None:
    first = submit(client, {"model": "churn", "dataset": dataset}, **{"Idempotency-Key": "k"})
    number = add_version()
    client.put("/v1/models/churn/aliases/champion", json={"version": number}, headers={"If-Match": '"1"'})
    again = submit(client, {"model": "churn", "dataset": dataset}, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["params"]["version"] == champion != number
    other = submit(client, {"model": "churn", "dataset": dataset, "explain": 1}, **{"Idempotency-Key": "k"})
    assert other.status_code == 422


def test_a_retry_is_scored_by_the_same_version(
    client: FlaskClient, database: Database, dataset: str, champion: int, add_version: Callable[..., int]
) -> None:
    job_id = submit(client, {"model": "churn", "dataset": dataset}).json["id"]
    _end(database, job_id, lambda connection, mine: fail(connection, mine, code="table", text="?"))
    client.put("/v1/models/churn/aliases/champion", json={"version": add_version()}, headers={"If-Match": '"1"'})
    assert client.post(f"/v1/jobs/{job_id}/retry").json["params"]["version"] == champion


def _end(database: Database, job_id: str, end: Callable[..., object]) -> None:
    def work(connection: Any) -> None:
        mine = claim(connection, job_id, worker="w", lease_seconds=30)
        assert mine is not None
        end(connection, mine)

    database.write(work)


@pytest.fixture
def finished(client: FlaskClient, database: Database, settings: Settings, dataset: str, champion: int) -> str:
    """The id of a scoring job that has succeeded, with ten digits as its result."""
    job_id: str = submit(client, {"model": "churn", "dataset": dataset}).json["id"]
    artifact = ArtifactStore(settings.artifacts).put([b"0123456789"])

    def end(connection: Any, mine: Any) -> None:
        succeed(connection, mine, {"sha256": artifact.sha256, "bytes": 10})
        add_result(connection, job_id, artifact)

    _end(database, job_id, end)
    return job_id


def test_a_result_has_its_digest_as_entity_tag(client: FlaskClient, finished: str) -> None:
    answer = client.get(f"/v1/jobs/{finished}/result", buffered=True)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"0123456789", "text/csv")
    sha256 = client.get(f"/v1/jobs/{finished}").json["result"]["sha256"]
    assert answer.headers["ETag"] == f'"{sha256}"'
    assert answer.headers["Content-Disposition"] == f"attachment; filename=churn-1-{finished}.csv"
    assert answer.headers["Accept-Ranges"] == "bytes"
    same = client.get(f"/v1/jobs/{finished}/result", buffered=True, headers={"If-None-Match": f'"{sha256}"'})
    assert (same.status_code, same.data) == (304, b"")


@pytest.mark.parametrize(
    ("wanted", "part", "where"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=4-99", b"456789", "bytes 4-9/10"),
    ],
)
def test_a_part_of_a_result_is_downloaded(
    client: FlaskClient, finished: str, wanted: str, part: bytes, where: str
) -> None:
    answer = client.get(f"/v1/jobs/{finished}/result", buffered=True, headers={"Range": wanted})
    assert (answer.status_code, answer.data, answer.headers["Content-Range"]) == (206, part, where)


def test_a_part_beyond_the_end_is_416_and_one_of_another_file_is_the_whole(client: FlaskClient, finished: str) -> None:
    beyond = client.get(f"/v1/jobs/{finished}/result", buffered=True, headers={"Range": "bytes=10-"})
    assert (beyond.status_code, beyond.mimetype) == (416, "application/problem+json")
    assert beyond.headers["Content-Range"] == "bytes */10"
    other = client.get(
        f"/v1/jobs/{finished}/result", buffered=True, headers={"Range": "bytes=0-3", "If-Range": '"other"'}
    )
    assert (other.status_code, other.data) == (200, b"0123456789")


@pytest.mark.parametrize("wanted", ["lines=1-2", "bytes=0-1,4-5"])
def test_ranges_of_another_unit_or_several_get_the_whole_result(
    client: FlaskClient, finished: str, wanted: str
) -> None:
    answer = client.get(f"/v1/jobs/{finished}/result", buffered=True, headers={"Range": wanted})
    assert (answer.status_code, answer.data) == (200, b"0123456789")


def test_a_job_without_a_file_has_no_result(client: FlaskClient, dataset: str, champion: int) -> None:
    queued = submit(client, {"model": "churn", "dataset": dataset}).json["id"]
    answer = client.get(f"/v1/jobs/{queued}/result")
    assert (answer.status_code, answer.json["type"]) == (409, "urn:problem-type:ebb:no-result")
    training = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    assert client.get(f"/v1/jobs/{training}/result").status_code == 404
    assert client.get("/v1/jobs/01a20a53-ab81-7614-b5e3-9bf7bbd8cc01/result").status_code == 404


def test_a_missing_result_file_is_reported(app: Flask, client: FlaskClient, finished: str, settings: Settings) -> None:
    sha256 = client.get(f"/v1/jobs/{finished}").json["result"]["sha256"]
    ArtifactStore(settings.artifacts).path(sha256).unlink()
    assert client.get(f"/v1/jobs/{finished}/result", buffered=True).status_code == 503


def test_a_replay_has_the_training_parameters_of_the_version(client: FlaskClient, champion: int) -> None:
    version = client.get(f"/v1/models/churn/versions/{champion}").json
    answer = client.post(f"/v1/models/churn/versions/{champion}/replay", headers={"Idempotency-Key": "r"})
    assert answer.status_code == 202, answer.text
    assert (answer.json["kind"], answer.json["model"], answer.json["dataset"]) == (
        "replay",
        "churn",
        version["dataset"],
    )
    assert answer.json["params"] == {"version": champion, "spec": version["spec"]}
    again = client.post(f"/v1/models/churn/versions/{champion}/replay", headers={"Idempotency-Key": "r"})
    assert again.json["id"] == answer.json["id"]
    assert client.get("/v1/jobs?kind=replay").json["jobs"][0]["id"] == answer.json["id"]
    assert client.post("/v1/models/churn/versions/99/replay").status_code == 404
