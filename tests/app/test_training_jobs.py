"""A training is validated completely, stored once, and then published."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ebb.customers import customers
from model.spec import parse_spec
from store import tables
from store.database import Database
from store.jobs.read import get_job
from tests.app.conftest import RememberingDoorbell

NOWHERE = "01890000-0000-7000-8000-000000000000"


def train(client: FlaskClient, dataset: str, key: str | None = None, **body: object) -> TestResponse:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset} | body, headers=headers)


def count(client: FlaskClient) -> int:
    return len(client.get("/v1/jobs?page_size=1000").json["jobs"])


def test_a_training_is_accepted_as_a_queued_job(client: FlaskClient, dataset: str) -> None:
    answer = train(client, dataset, spec={"epochs": 7}, promote="always")
    job = answer.json
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert (job["kind"], job["state"], job["attempt"], job["cancel_requested"]) == ("training", "queued", 0, False)
    assert (job["model"], job["dataset"], job["error"], job["result"]) == ("churn", dataset, None, None)
    assert client.get(answer.headers["Location"]).json == job


def test_the_spec_is_stored_with_all_its_defaults(client: FlaskClient, dataset: str, database: Database) -> None:
    job = train(client, dataset, spec={"epochs": 7}, promote="if_better").json
    with database.read() as connection:
        params = get_job(connection, job["id"]).params
    assert params == {"spec": parse_spec({"epochs": 7}).to_json(), "promote": "if_better"}


def test_each_job_is_published_once_after_its_commit(
    client: FlaskClient, dataset: str, doorbell: RememberingDoorbell, database: Database
) -> None:
    jobs = [train(client, dataset).json["id"] for _ in range(3)]
    assert [doorbell.rung.get(timeout=10) for _ in jobs] == jobs
    with database.read() as connection:
        published = connection.execute(select(tables.jobs.c.published_at)).scalars().all()
    assert len(published) == len(jobs)
    assert None not in published


COLUMNS = ("months", "monthly_charge", "support_tickets", "usage_hours")


@pytest.mark.parametrize("validate_only", [False, True])
@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({"columns": {"a/b": {"drop": True}}}, "/spec/columns/a~1b"),
        ({"columns": {"churned": {"drop": True}}}, "/spec/columns/churned"),
        ({"columns": {name: {"drop": True} for name in COLUMNS}}, "/spec/columns"),
        ({"columns": {"months": {"kind": "date"}}}, "/spec/columns/months/kind"),
        ({"validation": {"time": "nope"}}, "/spec/validation/time"),
        ({"validation": {"group": "nope"}}, "/spec/validation/group"),
        ({"loss": "squared_error"}, "/spec/loss"),
    ],
)
def test_a_spec_that_does_not_fit_the_dataset_is_refused_at_once(
    client: FlaskClient, dataset: str, spec: dict[str, object], pointer: str, validate_only: bool
) -> None:
    answer = train(client, dataset, spec=spec, validate_only=validate_only)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert count(client) == 0


def test_rows_may_be_held_out_by_any_existing_column(client: FlaskClient, dataset: str) -> None:
    assert train(client, dataset, spec={"validation": {"group": "customer_id"}}).status_code == 202


def test_all_problems_of_a_training_are_reported_together(client: FlaskClient) -> None:
    spec = {"epochs": 0, "colour": "red", "optimizer": {"name": "adan"}}
    answer = train(client, NOWHERE, spec=spec)
    assert answer.status_code == 422
    assert {(error["pointer"], error["code"]) for error in answer.json["errors"]} == {
        ("/dataset", "not_found"),
        ("/spec/epochs", "range"),
        ("/spec/colour", "unknown"),
        ("/spec/optimizer/name", "unknown"),
    }
    assert count(client) == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"model": ""}, "/model"),
        ({"model": "a/b"}, "/model"),
        ({"model": "x" * 101}, "/model"),
        ({"model": "a\x00"}, "/model"),
        ({"dataset": "d"}, "/dataset"),
        ({"promote": "sometimes"}, "/promote"),
        ({"spec": []}, "/spec"),
        ({"validate_only": "yes"}, "/validate_only"),
        ({"priority": 11}, "/priority"),
        ({"priority": 0.5}, "/priority"),
        ({"deadline_s": 0}, "/deadline_s"),
        ({"deadline_s": "tomorrow"}, "/deadline_s"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_an_invalid_training_body_is_422(client: FlaskClient, change: dict[str, object], pointer: str) -> None:
    body = {"model": "churn", "dataset": NOWHERE} | change
    answer = client.post("/v1/jobs/training", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_priority_and_a_deadline_are_kept(client: FlaskClient, dataset: str) -> None:
    job = train(client, dataset, priority=7, deadline_s=3600).json
    created, deadline = (datetime.fromisoformat(job[name]) for name in ("created_at", "deadline_at"))
    assert job["priority"] == 7
    assert (deadline - created).total_seconds() == pytest.approx(3600, abs=1)
    plain = train(client, dataset).json
    assert (plain["priority"], plain["deadline_at"]) == (0, None)


def test_the_deadline_of_the_settings_applies_to_jobs_without_one(make_app: Callable[..., Flask], dataset: str) -> None:
    job = train(make_app(deadline_seconds=60.0).test_client(), dataset).json
    created, deadline = (datetime.fromisoformat(job[name]) for name in ("created_at", "deadline_at"))
    assert (deadline - created).total_seconds() == pytest.approx(60, abs=1)


def test_a_full_queue_is_429_with_retry_after_and_repeats_earlier_answers(
    make_app: Callable[..., Flask], dataset: str
) -> None:
    client = make_app(queue_limit=1).test_client()
    first = train(client, dataset, "k1")
    refused = train(client, dataset, "k2")
    assert (first.status_code, refused.status_code) == (202, 429)
    assert refused.json["type"] == "urn:problem-type:ebb:queue-full"
    assert int(refused.headers["Retry-After"]) >= 1
    again = train(client, dataset, "k1")
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert count(client) == 1


def test_validate_only_answers_the_whole_spec_and_stores_nothing(client: FlaskClient, dataset: str) -> None:
    answer = train(client, dataset, spec={"layers": [3]}, validate_only=True)
    assert answer.status_code == 200
    assert answer.json == {"valid": True, "spec": parse_spec({"layers": [3]}).to_json()}
    assert train(client, dataset, spec={"layers": [0]}, validate_only=True).status_code == 422
    assert count(client) == 0


def test_the_same_key_and_body_answer_the_first_job_again(
    client: FlaskClient, dataset: str, doorbell: RememberingDoorbell
) -> None:
    first, again = train(client, dataset, "k1"), train(client, dataset, "k1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.json["id"] == first.json["id"]
    assert again.headers["Location"] == first.headers["Location"]
    assert train(client, dataset, "k2").json["id"] != first.json["id"]
    assert count(client) == 2
    rung = [doorbell.rung.get(timeout=10) for _ in range(2)]
    assert rung[0] == first.json["id"]


def test_an_explicit_default_is_the_same_request(client: FlaskClient, dataset: str) -> None:
    train(client, dataset, "k1")
    assert train(client, dataset, "k1", spec={"seed": 0}, promote="never").headers["Idempotency-Replayed"] == "true"


def test_the_same_key_with_another_body_is_422(client: FlaskClient, dataset: str) -> None:
    train(client, dataset, "k1")
    answer = train(client, dataset, "k1", spec={"seed": 1})
    assert answer.status_code == 422
    assert answer.json["type"] == "urn:problem-type:ebb:idempotency-key"
    assert answer.json["errors"][0]["pointer"] == "/headers/Idempotency-Key"
    assert count(client) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
def test_a_key_that_cannot_be_stored_is_422(client: FlaskClient, dataset: str, key: str) -> None:
    assert train(client, dataset, key).status_code == 422
    assert count(client) == 0


def test_eight_concurrent_requests_with_one_key_make_one_job(app: Flask, dataset: str) -> None:
    def ask(_: int) -> str:
        answer = train(app.test_client(), dataset, "k1")
        assert answer.status_code == 202, answer.text
        return str(answer.json["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_keys_of_two_callers_do_not_meet(
    guarded: FlaskClient, dataset: str, key: Callable[..., dict[str, str]]
) -> None:
    body = {"model": "churn", "dataset": dataset}
    made = [
        guarded.post("/v1/jobs/training", json=body, headers=key("train") | {"Idempotency-Key": "k1"}).json["id"]
        for _ in range(2)
    ]
    assert made[0] != made[1]


def test_a_gate_is_stored_as_requested(client: FlaskClient, dataset: str) -> None:
    body = {"model": "churn", "dataset": dataset, "promote": "if_better", "gate": {"metric": "auc", "margin": 0.01}}
    answer = client.post("/v1/jobs/training", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.json["params"]["gate"] == {"metric": "auc", "margin": 0.01, "confidence": 0.95}


def upload(client: FlaskClient, rows: int, query: str, target: str = "churned") -> str:
    data = customers(rows, seed=5).to_csv().replace("churned", target).encode()
    answer = client.post(f"/v1/datasets?{query}", data=data, content_type="text/csv")
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_a_gate_names_a_hold_out(client: FlaskClient, dataset: str) -> None:
    gate = {"dataset": upload(client, 200, "target=churned&id=customer_id&name=h")}
    answer = client.post(
        "/v1/jobs/training", json={"model": "churn", "dataset": dataset, "promote": "if_better", "gate": gate}
    )
    assert answer.status_code == 202, answer.text
    assert answer.json["params"]["gate"] == {"metric": "log_loss", "margin": 0.0, "confidence": 0.95, **gate}


def test_a_hold_out_that_cannot_be_compared_on_is_refused(client: FlaskClient, dataset: str, champion: int) -> None:
    data = customers(200, seed=5).to_csv()
    unlabelled = client.post(f"/v1/jobs/scoring?model=churn&version={champion}", data=data, content_type="text/csv")
    holdouts = {
        dataset: "is the dataset to train on",
        unlabelled.json["dataset"]: "has no target",
        upload(client, 200, "target=left&id=customer_id&name=h", "left"): "has the target 'left', not 'churned'",
        "01a20a53-aae9-7758-937f-2b0a0d8333a7": "there is no such dataset",
    }
    for holdout, detail in holdouts.items():
        gate = {"dataset": holdout}
        answer = client.post(
            "/v1/jobs/training", json={"model": "churn", "dataset": dataset, "promote": "if_better", "gate": gate}
        )
        (error,) = answer.json["errors"]
        assert (answer.status_code, error["pointer"]) == (422, "/gate/dataset")
        assert detail in error["detail"]


@pytest.mark.parametrize(
    ("promote", "gate", "pointer"),
    [
        ("always", {}, "/gate"),
        ("if_better", {"metric": "accuracy"}, "/gate/metric"),
        ("if_better", {"margin": -0.1}, "/gate/margin"),
        ("if_better", {"confidence": 1.0}, "/gate/confidence"),
    ],
)
def test_an_invalid_gate_is_refused(
    client: FlaskClient, dataset: str, promote: str, gate: dict[str, object], pointer: str
) -> None:
    body = {"model": "churn", "dataset": dataset, "promote": promote, "gate": gate}
    answer = client.post("/v1/jobs/training", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_baseline_names_columns_of_the_dataset(client: FlaskClient, dataset: str) -> None:
    answer = train(client, dataset, spec={"reasons": {"baseline": {"months": 3, "mnths/": 4, "churned": 1}}})
    assert answer.status_code == 422
    found = {(error["pointer"], error["code"]) for error in answer.json["errors"]}
    assert found == {(f"/spec/reasons/baseline/{name}", "unknown") for name in ("mnths~1", "churned")}
