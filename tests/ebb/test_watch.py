"""Watching a training shows its epochs until it ends, however it ends."""

from collections.abc import Iterator

import pytest
from rich.console import Console

from ebb.client import Client
from ebb.errors import JobError
from ebb.watch import expect_success, watch_training
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


def test_watching_ends_with_the_finished_job_and_all_its_epochs(client: Client, service: Service) -> None:
    for answer in (JOB | {"state": "queued"}, NO_EPOCHS, JOB | {"state": "succeeded"}, ONE_EPOCH):
        service.will_answer(answer)
    job, epochs = watch_training(client, "j1", Console(quiet=True))
    assert job.state == "succeeded"
    assert [epoch.epoch for epoch in epochs] == [1]


def test_watching_ends_with_a_failed_job_too_which_can_be_told_as_an_error(client: Client, service: Service) -> None:
    service.will_answer(JOB | {"state": "failed", "error": {"code": "diverged", "detail": "the loss left the finite"}})
    service.will_answer(NO_EPOCHS)
    job, _ = watch_training(client, "j1", Console(quiet=True))
    assert job.state == "failed"
    with pytest.raises(JobError, match=r"failed: the loss left the finite \(diverged\)"):
        expect_success(job)


def test_a_job_that_no_worker_takes_is_given_up_in_time(client: Client, service: Service) -> None:
    service.will_answer(JOB | {"state": "queued"})
    service.will_answer(NO_EPOCHS)
    with pytest.raises(JobError, match="no worker took"):
        watch_training(client, "j1", Console(quiet=True), patience=0)
