"""A training that is too large is refused at submission, retry and replay."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.database import Database
from store.jobs.cancel import cancel
from store.jobs.submit import Submission, submit
from store.tables import versions
from store.workers import register_worker
from tests.app.test_training_jobs import train

LARGE = {"layers": [9990, 9990]}


def assert_too_large(answer: Any, pointer: str = "/spec/layers") -> str:
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, "too_large")
    return str(fault["detail"])


@pytest.mark.parametrize("validate_only", [False, True])
@pytest.mark.parametrize(
    "spec",
    [
        LARGE,
        {"layers": [1000, 1000], "members": 1000},
        {"layers": [1000, 1000], "members": 10, "restarts": 100},
        {"layers": [1500, {"residual": [{"dense": 1500}, {"residual": [{"dense": 1500}, {"dense": 1500}]}]}] * 2},
        {
            "layers": [2000, 2000],
            "optimizer": {"name": "sgd"},
            "early_stopping": None,
            "members": 5,
        },
    ],
)
def test_a_network_whose_checkpoint_could_not_be_stored_is_refused(
    client: FlaskClient, dataset: str, spec: dict[str, object], validate_only: bool
) -> None:
    said = assert_too_large(train(client, dataset, spec=spec, validate_only=validate_only))
    assert "and a job can store 135 MB: lower the units of layers" in said


def test_a_retry_of_a_network_that_is_too_large_is_refused(
    client: FlaskClient, database: Database, dataset: str
) -> None:
    params = {"spec": LARGE, "promote": "never"}
    job = database.write(lambda connection: submit(connection, Submission("training", "churn", dataset, params))).job_id
    database.write(lambda connection: cancel(connection, job, by="somebody"))
    assert_too_large(client.post(f"/v1/jobs/{job}/retry"))


def test_a_replay_of_a_network_that_is_too_large_is_refused(
    client: FlaskClient, database: Database, champion: int
) -> None:
    database.write(lambda connection: connection.execute(versions.update().values(spec=LARGE)))
    assert_too_large(client.post(f"/v1/models/churn/versions/{champion}/replay"))


def test_the_memory_is_that_of_the_workers_or_that_of_the_setting(
    make_app: Callable[..., Flask], database: Database, dataset: str
) -> None:
    client = make_app(training_bytes=2**28).test_client()
    spec = {"layers": [2000, 2000]}
    said = assert_too_large(train(client, dataset, spec=spec))
    assert "MB of memory" in said
    database.write(lambda connection: register_worker(connection, "w", job_bytes=2**32))
    assert train(client, dataset, spec=spec).status_code == 202


def test_the_error_for_large_activations_points_to_the_batch_size(make_app: Callable[..., Flask], dataset: str) -> None:
    client = make_app(training_bytes=2**28).test_client()
    spec = {"layers": [65_536], "batch_size": 300}
    assert "lower batch_size" in assert_too_large(train(client, dataset, spec=spec), "/spec/batch_size")
