"""A request may name a dataset by its name, as long as no other stored one has it."""

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import CSV
from tests.app.test_datasets import upload
from tests.app.test_sweeps import TWO

OTHER = CSV.replace(b"c-0001", b"d-0001")


def errors(client: FlaskClient, path: str, **body: object) -> list[dict[str, str]]:
    answer = client.post(path, json={"model": "churn", **body})
    assert answer.status_code == 422, answer.text
    return answer.json["errors"]


@pytest.fixture
def other(client: FlaskClient) -> str:
    return str(upload(client, OTHER, query="target=churned&id=customer_id&name=later").json["id"])


def test_a_training_and_its_gate_take_names_and_keep_ids(client: FlaskClient, dataset: str, other: str) -> None:
    answer = client.post(
        "/v1/jobs/training",
        json={"model": "churn", "dataset": "home", "promote": "if_better", "gate": {"dataset": "later"}},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json["dataset"] == dataset
    same = errors(client, "/v1/jobs/training", dataset="home", promote="if_better", gate={"dataset": "home"})
    assert same[0]["pointer"] == "/gate/dataset"


def test_a_sweep_takes_a_name(client: FlaskClient, dataset: str) -> None:
    body = {"model": "churn", "dataset": "home", "configurations": TWO}
    answer = client.post("/v1/jobs/sweep", json=body)
    assert (answer.status_code, answer.json["dataset"]) == (202, dataset)


def test_scoring_and_evaluating_take_a_name(client: FlaskClient, dataset: str, champion: int) -> None:
    scoring = client.post("/v1/jobs/scoring", json={"model": "churn", "version": champion, "dataset": "home"})
    assert (scoring.status_code, scoring.json["dataset"]) == (202, dataset)
    evaluation = client.post(f"/v1/models/churn/versions/{champion}/evaluate", json={"dataset": "home"})
    assert (evaluation.status_code, evaluation.json["dataset"]) == (202, dataset)


def test_a_name_of_two_datasets_is_refused_with_their_ids(client: FlaskClient, dataset: str) -> None:
    newer = upload(client, OTHER, query="target=churned&id=customer_id&name=home").json["id"]
    for path, body in (("training", {}), ("sweep", {"configurations": TWO})):
        [error] = errors(client, f"/v1/jobs/{path}", dataset="home", **body)
        assert (error["pointer"], error["code"]) == ("/dataset", "conflict")
        assert error["detail"].index(newer) < error["detail"].index(dataset)
    answer = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset})
    assert answer.status_code == 202


def test_an_unknown_name_is_refused_with_the_remedy(client: FlaskClient, dataset: str) -> None:
    [error] = errors(client, "/v1/jobs/training", dataset="hme")
    assert error["code"] == "not_found"
    assert "no id and no name is 'hme'" in error["detail"]
    assert "POST /v1/datasets" in error["detail"]


def test_datasets_of_a_name_are_listed(client: FlaskClient, dataset: str, other: str) -> None:
    listed = [client.get(f"/v1/datasets?name={name}").json["datasets"] for name in ("home", "later", "nobody")]
    assert [[row["id"] for row in rows] for rows in listed] == [[dataset], [other], []]
