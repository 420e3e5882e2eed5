"""A sweep is validated completely, stored once, and shows its leaderboard while it runs."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from model.sweep.plan_parser import MOST_CONFIGURATIONS
from model.sweep.standing import Standing
from store.database import Database
from store.jobs.cancel import cancel
from store.jobs.claim import claim
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.submit import Submission, submit
from tests.app.test_training_jobs import upload

NOWHERE = "01890000-0000-7000-8000-000000000000"
TWO = [{"layers": [4]}, {"layers": [8, 4]}]
HALVING = {"first_epochs": 3}
DEEP = "/space too_large"


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def sweep(client: FlaskClient, on: str, key: str | None = None, **body: Any) -> TestResponse:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/v1/jobs/sweep", json={"model": "churn", "dataset": on} | body, headers=headers)


def faults(answer: TestResponse) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [f"{error['pointer']} {error['code']}" for error in answer.json["errors"]]


def test_a_sweep_is_accepted_as_a_queued_job(client: FlaskClient, dataset: str) -> None:
    answer = sweep(client, dataset, "k", configurations=TWO, folds=3, halving=HALVING, promote="always")
    job = answer.json
    assert answer.status_code == 202, answer.text
    assert (job["kind"], job["state"], job["progress"]["unit"]) == ("sweep", "queued", "epochs")
    params = job["params"]
    assert params["configurations"] == TWO
    assert (params["folds"], params["halving"]) == (3, {"first_epochs": 3, "factor": 3})
    assert (params["spec"]["members"], params["spec"]["validation"]["folds"]) == (3, True)
    assert client.get(answer.headers["Location"]).json == {**job, "leaderboard": []}
    again = sweep(client, dataset, "k", configurations=TWO, folds=3, halving=HALVING, promote="always")
    assert (again.json["id"], again.headers["Idempotency-Replayed"]) == (job["id"], "true")


def test_a_space_is_listed_or_drawn_and_the_job_has_the_configurations(client: FlaskClient, dataset: str) -> None:
    space = {"dropout": [0, 0.2], "layers": [[8, 4], [64, 32]]}
    grid = sweep(client, dataset, space=space).json["params"]["configurations"]
    assert grid == [{"dropout": d, "layers": n} for d in (0, 0.2) for n in ([8, 4], [64, 32])]
    rates = {"optimizer.learning_rate": {"min": 1e-4, "max": 1e-1, "log": True}, **space}
    drawn = [
        sweep(client, dataset, space=rates, configurations=9, seed=seed).json["params"]["configurations"]
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == 9
    assert all(1e-4 <= each["optimizer"]["learning_rate"] <= 1e-1 for each in drawn[0])


def test_validate_only_answers_with_configurations_and_rungs(client: FlaskClient, dataset: str) -> None:
    body = {"spec": {"epochs": 20}, "space": {"layers": [[n] for n in range(1, 10)]}, "halving": HALVING}
    answer = sweep(client, dataset, **body, validate_only=True)
    assert answer.status_code == 200, answer.text
    assert [(rung["epochs"], rung["configurations"]) for rung in answer.json["rungs"]] == [(3, 9), (9, 3), (20, 2)]
    assert len(answer.json["configurations"]) == 9
    assert client.get("/v1/jobs").json["jobs"] == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "/configurations missing"),
        ({"configurations": 5}, "/configurations conflict"),
        ({"configurations": "5"}, "/configurations type"),
        ({"configurations": [{}]}, "/configurations range"),
        ({"configurations": MOST_CONFIGURATIONS + 1, "space": {"seed": [1]}}, "/configurations range"),
        ({"configurations": [*TWO, {"colour": "red"}]}, "/configurations/2/colour unknown"),
        ({"configurations": [*TWO, {"optimizer": {"beta1": 1}}]}, "/configurations/2/optimizer/beta1 range"),
        ({"configurations": [*TWO, {"batch_size": 1, "batch_norm": True}]}, "/configurations/2/batch_size conflict"),
        ({"configurations": [*TWO, {"layers": [4]}]}, "/configurations/2 conflict"),
        ({"configurations": [*TWO, {"seed": 3}]}, "/configurations/2/seed conflict"),
        ({"configurations": [*TWO, {"columns": {"x": {"drop": True}}}]}, "/configurations/2/columns/x unknown"),
        ({"configurations": [*TWO, {"layers": [9990, 9990]}]}, "/configurations/2/layers too_large"),
        ({"space": {"layers": [[4], [9990, 9990]], "dropout": [0, 0.1, 0.2]}}, "/space too_large"),
        ({"spec": {"layers": [8] * 256}, "space": {"dropout": {"min": 0, "max": 0.5}}, "configurations": 60}, DEEP),
        ({"configurations": [{"layers": [8] * 250, "epochs": n} for n in range(1, 60)]}, "/configurations too_large"),
        ({"configurations": TWO, "space": {"dropout": [0, 0.1]}}, "/space conflict"),
        ({"configurations": TWO, "seed": 1}, "/seed conflict"),
        ({"space": {"dropout": [0, 2]}}, "/space/dropout/1 range"),
        ({"space": {"dropout": [0, 0]}}, "/space/dropout conflict"),
        ({"space": {"dropout": 0.1}}, "/space/dropout type"),
        ({"space": {"dropout": {"min": 0.1, "max": 2}}, "configurations": 3}, "/space/dropout/max range"),
        ({"space": {"dropout": {"min": 0.5, "max": 0.2}}, "configurations": 3}, "/space/dropout/min conflict"),
        ({"space": {"l1": {"min": 0, "max": 1, "log": True}}, "configurations": 3}, "/space/l1/min range"),
        ({"space": {"dropout": {"min": 0, "max": 0.2}}}, "/configurations missing"),
        ({"space": {"members": [1, 2]}}, "/space/members conflict"),
        ({"space": {"optimizer": [{}], "optimizer.beta1": [0.5, 0.9]}}, "/space/optimizer.beta1 conflict"),
        ({"space": {"dropout": [0.1]}}, "/space range"),
        ({"space": {}}, "/space range"),
        ({"configurations": TWO, "spec": {"epochs": 0}}, "/spec/epochs range"),
        ({"configurations": TWO, "spec": {"members": 3}}, "/spec/members conflict"),
        ({"configurations": TWO, "spec": {"validation": {"folds": False}}}, "/spec/validation/folds conflict"),
        ({"configurations": TWO, "spec": {"loss": "squared_error"}}, "/spec/loss conflict"),
        ({"configurations": TWO, "spec": {"columns": {"nope": {"drop": True}}}}, "/spec/columns/nope unknown"),
        ({"configurations": TWO, "folds": 1}, "/folds range"),
        ({"configurations": TWO, "halving": {"first_epochs": 100}}, "/halving/first_epochs conflict"),
        ({"configurations": TWO, "halving": {"first_epochs": 3, "factor": 1}}, "/halving/factor range"),
        ({"configurations": TWO, "gate": {}}, "/gate conflict"),
        ({"configurations": TWO, "dataset": NOWHERE}, "/dataset not_found"),
        ({"configurations": TWO, "colour": "red"}, "/colour unknown"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(
    client: FlaskClient, dataset: str, body: dict[str, Any], fault: str
) -> None:
    assert faults(sweep(client, dataset, **body)) == [fault]
    assert client.get("/v1/jobs").json["jobs"] == []


def test_like_problems_of_a_space_are_told_once_with_the_first_configuration(client: FlaskClient, dataset: str) -> None:
    (fault,) = sweep(client, dataset, space={"layers": [[4], [9990, 9990]], "dropout": [0, 0.1, 0.2]}).json["errors"]
    assert fault["detail"].startswith(
        '/layers of the spec, with the changes {"dropout":0,"layers":[9990,9990]}, and 2 more'
    )
    assert "lower the units of layers" in fault["detail"]


def test_a_gate_names_a_hold_out_that_can_be_compared_on(client: FlaskClient, dataset: str) -> None:
    other = upload(client, 200, "target=churned&id=customer_id&name=h")
    asked: dict[str, Any] = {"configurations": TWO, "promote": "if_better"}
    accepted = sweep(client, dataset, **asked, gate={"dataset": other})
    assert accepted.json["params"]["gate"]["dataset"] == other
    left = upload(client, 200, "target=left&id=customer_id&name=l", "left")
    for holdout, code in ((dataset, "conflict"), (left, "conflict"), (NOWHERE, "not_found")):
        assert faults(sweep(client, dataset, **asked, gate={"dataset": holdout})) == [f"/gate/dataset {code}"]


def test_a_spec_too_long_for_its_configurations_is_refused(client: FlaskClient, dataset: str) -> None:
    spec = {"columns": {f"c{n}": {"scale": 2.0} for n in range(1000)}}
    configurations = [{"epochs": n} for n in range(1, 101)]
    body = {"model": "churn", "dataset": dataset, "spec": spec, "configurations": configurations}
    assert faults(client.post("/v1/jobs/sweep", data=json.dumps(body), content_type="application/json")) == [
        "/configurations too_large"
    ]


def test_a_retry_checks_the_size_again(client: FlaskClient, database: Database, dataset: str) -> None:
    params = {"spec": {"epochs": 5}, "configurations": [*TWO, {"layers": [9990, 9990]}], "folds": 3, "promote": "never"}
    job = database.write(lambda connection: submit(connection, Submission("sweep", "churn", dataset, params))).job_id
    database.write(lambda connection: cancel(connection, job, by="somebody"))
    assert faults(client.post(f"/v1/jobs/{job}/retry")) == ["/configurations/2/layers too_large"]


def test_a_job_shows_the_standings_so_far_the_best_first(client: FlaskClient, database: Database, dataset: str) -> None:
    job = sweep(client, dataset, configurations=[*TWO, {"dropout": 0.5}]).json["id"]
    mine = database.write(lambda connection: claim(connection, job, worker="w", lease_seconds=60.0))
    losses = {(0, 0): 0.5, (0, 1): 0.3, (0, 2): None, (1, 0): 0.4}
    standings = [
        Standing(configuration=place, changes={}, rung=rung, epochs=3, loss=loss, fold_losses=(0.1, 0.2)).to_json()
        for (rung, place), loss in losses.items()
    ]
    for new in (standings[:3], standings[2:], standings):  # an attempt may repeat what one before has recorded
        database.write(
            lambda connection, new=new: heartbeat(
                connection, mine, lease_seconds=60.0, progress=JobProgress(1, 9), new_standings=new
            )
        )
    shown = client.get(f"/v1/jobs/{job}").json["leaderboard"]
    assert [(one["configuration"], one["rung"], one["loss"]) for one in shown] == [
        (0, 1, 0.4),
        (1, 0, 0.3),
        (2, 0, None),
    ]
    (listed,) = client.get("/v1/jobs?kind=sweep").json["jobs"]
    assert listed["leaderboard"] is None
