"""No client waits for the broker, and unpublished jobs are left to the sweepers."""

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.broker import broker_url
from store.database import Database
from store.doorbell import CeleryDoorbell
from store.errors import BrokerError
from store.jobs.publish import take_unpublished
from store.settings import Settings
from tests.app.conftest import RememberingDoorbell


class DeafDoorbell:
    """A broker that waits and then fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = threading.Semaphore(0)
        self.go_on = threading.Event()

    def ring(self, job_id: str, kind: str) -> None:
        self.asked.release()
        self.go_on.wait(30)
        raise self.error


def submitted(client: FlaskClient, dataset: str) -> str:
    answer = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset})
    assert answer.status_code == 202
    return str(answer.json["id"])


def sweep(database: Database) -> list[str]:
    return list(database.write(take_unpublished))


@pytest.mark.parametrize("error", [BrokerError("away"), RuntimeError("a broker's client raised what it should not")])
def test_a_submission_is_answered_without_a_broker(
    make_app: Callable[..., Flask], dataset: str, error: Exception
) -> None:
    deaf = DeafDoorbell(error)
    client = make_app(deaf).test_client()
    submitted(client, dataset)
    assert deaf.asked.acquire(timeout=10)
    assert not deaf.go_on.is_set(), "answered, while the doorbell still hangs"
    deaf.go_on.set()
    submitted(client, dataset)
    assert deaf.asked.acquire(timeout=10), "the thread ended with its first trouble"


def test_an_unpublished_job_is_published_by_the_next_sweep(
    make_app: Callable[..., Flask], database: Database, dataset: str
) -> None:
    deaf = DeafDoorbell(BrokerError("away"))
    deaf.go_on.set()
    job = submitted(make_app(deaf).test_client(), dataset)
    assert deaf.asked.acquire(timeout=10)  # now marked as published
    deadline = time.monotonic() + 10
    while (found := sweep(database)) != [job] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found == [job]


def test_a_real_broker_that_is_not_there_is_left_to_the_sweepers(
    make_app: Callable[..., Flask], settings: Settings, database: Database, dataset: str
) -> None:
    client = make_app(CeleryDoorbell(broker_url(settings))).test_client()
    begun = time.monotonic()
    job = submitted(client, dataset)
    assert time.monotonic() - begun < 2
    deadline = time.monotonic() + 20
    while (found := sweep(database)) != [job] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == [job]


def test_a_submission_takes_less_than_50_ms_of_work_without_a_broker(
    make_app: Callable[..., Flask], dataset: str
) -> None:
    app = make_app(CeleryDoorbell("redis://127.0.0.1:1/0"))
    client, took = app.test_client(), []
    for _ in range(20):
        begun = time.thread_time()  # of this thread only
        submitted(client, dataset)
        took.append(time.thread_time() - begun)
    assert sorted(took)[len(took) // 2] < 0.05


def test_a_job_taken_by_a_sweeper_is_not_published_twice(
    app: Flask, dataset: str, doorbell: RememberingDoorbell
) -> None:
    first = submitted(app.test_client(), dataset)
    assert doorbell.rung.get(timeout=10) == first  # and the row is marked
    app.extensions["ebb"].publisher.publish_soon(first)
    second = submitted(app.test_client(), dataset)
    assert doorbell.rung.get(timeout=10) == second


def test_a_process_publishes_its_answered_jobs_before_it_ends(
    app: Flask, dataset: str, doorbell: RememberingDoorbell
) -> None:
    jobs = [submitted(app.test_client(), dataset) for _ in range(5)]
    app.extensions["ebb"].publisher.stop()
    assert [doorbell.rung.get_nowait() for _ in jobs] == jobs
