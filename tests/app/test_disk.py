"""Bytes beyond disk or quota get 507, and expired files get 410."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ebb.customers import customers
from store.artifacts import ArtifactStore
from store.clock import now
from store.database import Database
from store.jobs.cancel import cancel
from store.jobs.claim import claim
from store.jobs.finish import succeed
from store.results import add_result
from store.retention import DAY_SECONDS, Ages, remove_expired
from store.settings import Settings
from store.tables import api_keys, artifacts
from tests.app.conftest import CSV
from tests.app.test_training_jobs import train

OTHER = customers(300, seed=9).to_csv().encode()
UPLOAD = "/v1/datasets?target=churned&id=customer_id"
SCORE = "/v1/jobs/scoring?model=churn"


def send(client: FlaskClient, address: str, body: bytes, **more: Any) -> TestResponse:
    return client.post(address, data=body, content_type="text/csv", **more)


def assert_no_room(answer: TestResponse, code: str, *said: str) -> None:
    assert answer.status_code == 507, answer.text
    problem = answer.json
    assert problem["type"] == f"urn:problem-type:ebb:{code}"
    ((fault),) = problem["errors"]
    assert (fault["pointer"], fault["code"], fault["detail"]) == ("", code, problem["detail"])
    for part in said:
        assert part in problem["detail"]


def files(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.artifacts.rglob("*") if path.is_file())


@pytest.mark.parametrize("address", [UPLOAD, SCORE])
def test_a_table_is_refused_while_the_disk_has_less_than_its_free_space(
    make_app: Callable[..., Flask], settings: Settings, champion: int, address: str
) -> None:
    before = files(settings)
    client = make_app(free_bytes=2**60).test_client()
    assert_no_room(send(client, address, OTHER), "disk-full", "(EBB_FREE_BYTES)", "`ebb retention`")
    assert files(settings) == before
    assert send(make_app(free_bytes=0).test_client(), address, OTHER).status_code in (201, 202)


@pytest.mark.parametrize("address", [UPLOAD, SCORE])
def test_a_table_beyond_the_quota_of_its_key_is_refused(
    guarded: FlaskClient, settings: Settings, key: Callable[..., dict[str, str]], champion: int, address: str
) -> None:
    mine = key("train", "score", stored_bytes=len(CSV) + 100)
    before = files(settings)
    assert_no_room(send(guarded, address, OTHER * 2, headers=mine), "quota", "may store", "--stored-bytes")
    assert files(settings) == before
    assert send(guarded, address, OTHER, headers=mine).status_code in (201, 202)
    assert_no_room(send(guarded, address, CSV[:-1], headers=mine), "quota", f"this key stores {len(OTHER):,} bytes")
    assert send(guarded, address, OTHER, headers=key("train", "score")).status_code in (200, 202)


def test_a_table_of_unknown_length_is_refused_while_it_streams(
    guarded: FlaskClient, settings: Settings, key: Callable[..., dict[str, str]]
) -> None:
    mine = {**key("train", stored_bytes=1000), "Transfer-Encoding": "chunked"}
    answer = send(guarded, UPLOAD, OTHER, headers=mine, environ_overrides={"wsgi.input_terminated": True})
    assert_no_room(answer, "quota", "may store 1,000")
    assert files(settings) == []


def test_the_default_quota_applies_to_keys_without_a_quota(
    make_app: Callable[..., Flask], key: Callable[..., dict[str, str]]
) -> None:
    client = make_app(host="0.0.0.0", stored_bytes=1000).test_client()
    assert_no_room(send(client, UPLOAD, OTHER, headers=key("train")), "quota", "may store 1,000")
    assert send(client, UPLOAD, OTHER, headers=key("train", stored_bytes=0)).status_code == 201


def test_a_key_with_a_full_quota_cannot_submit_scorings(
    guarded: FlaskClient, key: Callable[..., dict[str, str]], champion: int
) -> None:
    mine = key("train", "score", stored_bytes=len(OTHER))
    dataset = send(guarded, UPLOAD, OTHER, headers=mine).json["id"]
    answer = guarded.post("/v1/jobs/scoring", json={"model": "churn", "dataset": dataset}, headers=mine)
    assert_no_room(answer, "quota", f"may store {len(OTHER):,}")


@pytest.mark.parametrize("address", [UPLOAD, SCORE])
def test_a_repeated_request_gets_its_answer_despite_a_full_quota(
    guarded: FlaskClient, key: Callable[..., dict[str, str]], champion: int, address: str
) -> None:
    mine = {**key("train", "score", stored_bytes=len(OTHER) + 1), "Idempotency-Key": "k1"}
    first, again = (send(guarded, address, OTHER, headers=mine) for _ in range(2))
    assert first.status_code in (201, 202)
    assert (again.status_code, again.json["id"]) == (first.status_code, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert_no_room(send(guarded, address, OTHER, headers={**mine, "Idempotency-Key": "k2"}), "quota")


def test_a_repeated_scoring_gets_its_job_despite_a_full_quota(
    guarded: FlaskClient, database: Database, key: Callable[..., dict[str, str]], champion: int
) -> None:
    mine = {**key("train", "score", stored_bytes=len(OTHER) + 1), "Idempotency-Key": "k1"}
    dataset = send(guarded, UPLOAD, OTHER, headers=mine).json["id"]
    asked = {"json": {"model": "churn", "dataset": dataset}, "headers": {**mine, "Idempotency-Key": "k2"}}
    first = guarded.post("/v1/jobs/scoring", **asked)
    assert first.status_code == 202
    database.write(lambda connection: connection.execute(api_keys.update().values(stored_bytes=1)))
    assert guarded.post("/v1/jobs/scoring", **asked).json["id"] == first.json["id"]
    assert_no_room(guarded.post("/v1/jobs/scoring", **{**asked, "headers": {**mine, "Idempotency-Key": "k3"}}), "quota")


@pytest.fixture
def unused(client: FlaskClient) -> str:
    """The id of a dataset without versions."""
    return str(send(client, UPLOAD, OTHER).json["id"])


@pytest.fixture
def expire(database: Database, settings: Settings) -> Callable[[], None]:
    """Expire all files, and run retention."""

    def over() -> None:
        old = artifacts.update().values(used_at=now(-2 * DAY_SECONDS))
        database.write(lambda connection: connection.execute(old))
        remove_expired(database, ArtifactStore(settings.artifacts), Ages(1, 1))

    return over


def test_an_expired_dataset_is_410_until_it_is_uploaded_again(
    client: FlaskClient, unused: str, champion: int, database: Database, expire: Callable[[], None]
) -> None:
    job = train(client, unused).json["id"]
    database.write(lambda connection: cancel(connection, job, by="somebody"))
    expire()
    for answer in (client.get(f"/v1/datasets/{unused}"), client.post(f"/v1/jobs/{job}/retry")):
        assert answer.status_code == 410
        assert answer.json["type"] == "urn:problem-type:ebb:expired"
        assert "upload the table again, and it has the same id" in answer.json["detail"]
    scoring = client.post("/v1/jobs/scoring", json={"model": "churn", "dataset": unused})
    diff = client.get(f"/v1/models/churn/versions/{champion}/diff?against={champion}&dataset={unused}")
    for answer in (train(client, unused), train(client, unused, validate_only=True), scoring, diff):
        assert answer.status_code == 422
        assert [fault["code"] for fault in answer.json["errors"]] == ["expired"]
    assert unused not in {each["id"] for each in client.get("/v1/datasets").json["datasets"]}
    again = send(client, UPLOAD, OTHER)
    assert (again.status_code, again.json["id"]) == (200, unused)
    assert client.post(f"/v1/jobs/{job}/retry").status_code == 202


def test_the_dataset_of_a_version_can_be_replayed_at_any_age(
    client: FlaskClient, champion: int, expire: Callable[[], None]
) -> None:
    expire()
    assert client.post(f"/v1/models/churn/versions/{champion}/replay").status_code == 202


def test_an_expired_result_is_410(  # noqa: PLR0917 - one parameter a fixture
    client: FlaskClient, unused: str, champion: int, database: Database, settings: Settings, expire: Callable[[], None]
) -> None:
    job = client.post("/v1/jobs/scoring", json={"model": "churn", "dataset": unused}).json["id"]
    artifact = ArtifactStore(settings.artifacts).put([b"scores"])

    def end(connection: Any) -> None:
        mine = claim(connection, job, worker="w", lease_seconds=30)
        assert mine is not None
        succeed(connection, mine, {"sha256": artifact.sha256})
        add_result(connection, job, artifact)

    database.write(end)
    ArtifactStore(settings.artifacts).mark_recorded(artifact.sha256)
    assert client.get(f"/v1/jobs/{job}/result", buffered=True).data == b"scores"
    expire()
    answer = client.get(f"/v1/jobs/{job}/result")
    assert (answer.status_code, answer.json["type"]) == (410, "urn:problem-type:ebb:expired")
    assert "(EBB_RESULT_DAYS); submit the scoring again" in answer.json["detail"]
    assert client.get(f"/v1/jobs/{job}").json["state"] == "succeeded"
