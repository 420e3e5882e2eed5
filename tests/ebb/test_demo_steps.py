"""The demonstration waits for what it asked for, and says so when it does not come."""

from collections.abc import Iterator

import pytest
from rich.console import Console

from ebb.client import Client
from ebb.customers import customers
from ebb.demo.run import score_by_alias, version_of
from ebb.demo.training import watch_training
from ebb.errors import DemoError, JobError
from tests.ebb.service import Service, serving

JOB = {"id": "j1", "kind": "training", "progress": {"done": 1, "total": 40, "unit": "epoch"}}
NO_EPOCHS = {"epochs": [], "next_page_token": None}
ONE_EPOCH = {"epochs": [{"epoch": 1, "learning_rate": 0.01, "train_loss": 0.5}], "next_page_token": None}


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def scored(version: int, errors: int = 0) -> dict[str, object]:
    return {"model": "churn", "version": version, "alias": "champion", "scores": [], "errors": errors}


def test_watching_ends_with_the_finished_job_and_all_its_epochs(client: Client, service: Service) -> None:
    for answer in (JOB | {"state": "queued"}, NO_EPOCHS, JOB | {"state": "succeeded"}, ONE_EPOCH):
        service.will_answer(answer)
    job, epochs = watch_training(client, "j1", Console(quiet=True))
    assert job.state == "succeeded"
    assert [epoch.epoch for epoch in epochs] == [1]


def test_a_failed_job_is_told_with_its_error(client: Client, service: Service) -> None:
    service.will_answer(JOB | {"state": "failed", "error": {"code": "diverged", "detail": "the loss left the finite"}})
    service.will_answer(NO_EPOCHS)
    with pytest.raises(JobError, match=r"failed: the loss left the finite \(diverged\)"):
        watch_training(client, "j1", Console(quiet=True))


def test_a_job_that_no_worker_takes_is_given_up_in_time(client: Client, service: Service) -> None:
    service.will_answer(JOB | {"state": "queued"})
    service.will_answer(NO_EPOCHS)
    with pytest.raises(JobError, match="no worker took"):
        watch_training(client, "j1", Console(quiet=True), patience=0)


def test_scoring_waits_until_the_moved_alias_answers(client: Client, service: Service) -> None:
    service.will_answer(scored(1))
    service.will_answer(scored(2))
    assert score_by_alias(client, customers(3), 2).version == 2


def test_a_customer_who_is_not_scored_stops_the_demonstration(client: Client, service: Service) -> None:
    service.will_answer(scored(2, errors=1))
    with pytest.raises(DemoError, match="1 of 3"):
        score_by_alias(client, customers(3), 2)


@pytest.mark.parametrize("result", [None, {}, {"version": "1"}])
def test_a_success_without_a_version_is_an_error(result: dict[str, object] | None) -> None:
    with pytest.raises(DemoError, match="version"):
        version_of(result)
