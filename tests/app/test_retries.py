"""A failed or cancelled job is retried as a new job. Other jobs are refused."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.database import Database
from store.jobs.claim import claim
from store.jobs.finish import fail
from tests.app.conftest import RememberingDoorbell


@pytest.fixture
def job(client: FlaskClient, dataset: str) -> str:
    body = {"model": "churn", "dataset": dataset, "spec": {"seed": 7}, "promote": "if_better"}
    return str(client.post("/v1/jobs/training", json=body).json["id"])


@pytest.fixture
def cancelled(client: FlaskClient, job: str) -> str:
    assert client.post(f"/v1/jobs/{job}/cancel").status_code == 200
    return job


def again(client: FlaskClient, job: str, key: str | None = None) -> TestResponse:
    return client.post(f"/v1/jobs/{job}/retry", headers={"Idempotency-Key": key} if key is not None else {})


def test_a_cancelled_job_is_submitted_again_as_one_that_names_it(
    client: FlaskClient, cancelled: str, doorbell: RememberingDoorbell
) -> None:
    answer = again(client, cancelled)
    assert answer.status_code == 202, answer.text
    told = answer.json
    assert told["id"] != cancelled
    assert (told["state"], told["retry_of"], told["attempt"], told["error"]) == ("queued", cancelled, 0, None)
    old = client.get(f"/v1/jobs/{cancelled}").json
    assert (old["state"], old["retry_of"]) == ("cancelled", None)
    assert (told["params"], told["model"], told["dataset"]) == (old["params"], old["model"], old["dataset"])
    assert answer.headers["Location"] == f"/v1/jobs/{told['id']}"
    assert "Idempotency-Replayed" not in answer.headers
    while doorbell.rung.get(timeout=10) != told["id"]:
        pass


def test_a_failed_job_is_submitted_again(client: FlaskClient, database: Database, job: str) -> None:
    claimed = database.write(lambda connection: claim(connection, job, worker="w", lease_seconds=30))
    assert claimed is not None
    database.write(lambda connection: fail(connection, claimed, code="diverged", text="lower the rate"))
    assert again(client, job).json["retry_of"] == job


def test_the_same_key_makes_one_job(client: FlaskClient, cancelled: str) -> None:
    first, second = again(client, cancelled, "k1"), again(client, cancelled, "k1")
    assert first.json["id"] == second.json["id"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert again(client, cancelled, "k2").json["id"] != first.json["id"]


def test_a_key_that_was_used_for_a_training_is_422(client: FlaskClient, dataset: str, cancelled: str) -> None:
    body = {"model": "churn", "dataset": dataset}
    client.post("/v1/jobs/training", json=body, headers={"Idempotency-Key": "k1"})
    answer = again(client, cancelled, "k1")
    assert (answer.status_code, answer.json["type"]) == (422, "urn:problem-type:ebb:idempotency-key")


@pytest.mark.parametrize("key", ["", "x" * 256, "ä"])
def test_a_key_that_cannot_be_stored_is_422(client: FlaskClient, cancelled: str, key: str) -> None:
    assert again(client, cancelled, key).status_code == 422


def test_a_job_that_has_not_ended_is_409(client: FlaskClient, job: str) -> None:
    answer = again(client, job)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:problem-type:ebb:not-retryable")
    assert "is queued" in answer.json["detail"]


def test_a_job_that_is_not_there_is_404(client: FlaskClient) -> None:
    assert again(client, "01890000-0000-7000-8000-000000000000").status_code == 404
