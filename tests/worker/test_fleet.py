"""Several real workers on one database and broker: fair order, kinds of jobs, and rolling restarts."""

import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from store.broker import Broker
from store.settings import Settings
from store.tables import checkpoints, epochs, versions
from tests.worker.processes import worker
from tests.worker.trainings import SHORT, Trainings
from tests.worker.trainings import wait_for as wait_up_to

# Several processes start in order, each within seconds on a busy machine.
wait_for = partial(wait_up_to, seconds=200.0)

STEADY = {"layers": [128, 64], "epochs": 8000, "early_stopping": None, "batch_size": 16, "seed": 5}


def with_broker(trainings: Trainings, broker: Broker, **changes: Any) -> Settings:
    return replace(
        trainings.settings,
        redis_url=broker.url,
        worker_concurrency=1,
        lease_seconds=30.0,
        heartbeat_seconds=1.0,
        **changes,
    )


def test_fifty_jobs_of_a_model_delay_another_model_by_about_one_job(trainings: Trainings, broker: Broker) -> None:
    world = trainings.world
    many = [trainings.queue(SHORT, model="a") for _ in range(50)]
    with worker(with_broker(trainings, broker)):
        wait_for(lambda: any(world.row(job_id).state == "running" for job_id in many), "the first of many")
        only = trainings.queue(SHORT, model="b")
        wait_for(lambda: world.row(only).state == "succeeded", "the only job")
        submitted, started = world.row(only).created_at, world.row(only).started_at
        rows = [world.row(job_id) for job_id in many]
    begun = [row for row in rows if row.started_at is not None]
    assert len([row for row in begun if submitted < row.started_at < started]) <= 1
    assert len(begun) < 10, "the many were over before the only job could be delayed"


def test_a_worker_serves_only_its_configured_kinds(trainings: Trainings, broker: Broker) -> None:
    world, job_id = trainings.world, trainings.queue(SHORT)
    with worker(with_broker(trainings, broker, worker_queues=("scoring", "replay"))):
        wait_for(lambda: world.row(job_id).published_at is not None, "the ring")
        time.sleep(2.0)
        assert world.row(job_id).state == "queued"
        with worker(with_broker(trainings, broker, worker_queues=("training",))):
            wait_for(lambda: world.row(job_id).state == "succeeded", "the training")


@pytest.mark.timeout(600)
def test_restarting_the_workers_one_after_another_loses_no_epoch_and_computes_none_twice(
    trainings: Trainings, broker: Broker
) -> None:
    world, settings = trainings.world, with_broker(trainings, broker)
    undisturbed = trainings.train(STEADY)
    jobs = [trainings.queue(STEADY) for _ in range(2)]
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(settings)) for _ in range(2)]
        before: dict[tuple[str, int], float] = {}
        for old in workers:
            wait_for(lambda: all(trainings.epochs(job_id) for job_id in jobs), "epochs of both")
            rows = [world.row(job_id) for job_id in jobs]
            [handed] = [row.id for row in rows if row.state == "running" and f":{old.pid}#" in row.worker]
            old.send_signal(signal.SIGTERM)
            assert old.wait(timeout=120) == 0
            assert world.row(handed).state == "queued"
            before |= _seconds(trainings, handed, until=_stored_epoch(trainings, handed))
            stack.enter_context(worker(settings))
            wait_for(lambda job_id=handed: world.row(job_id).state != "queued", "the next attempt")
        wait_for(lambda: all(world.row(job_id).state == "succeeded" for job_id in jobs), "the ends")
    assert [world.row(job_id).strikes for job_id in jobs] == [0, 0]
    assert sum(world.row(job_id).token for job_id in jobs) == 4
    for job_id in jobs:
        assert trainings.epochs(job_id) == list(range(1, STEADY["epochs"] + 1))
        assert _weights(trainings, job_id) == _weights(trainings, undisturbed.id)
    after = _seconds(trainings, jobs[0]) | _seconds(trainings, jobs[1])
    assert before
    assert {key: after[key] for key in before} == before, "an epoch was computed again"


def _stored_epoch(trainings: Trainings, job_id: str) -> int:
    with trainings.database.read() as connection:
        return int(connection.execute(select(checkpoints.c.epoch).where(checkpoints.c.job_id == job_id)).scalar_one())


def _seconds(trainings: Trainings, job_id: str, until: int = 10**9) -> dict[tuple[str, int], float]:
    """Return the seconds of each epoch. A repeated epoch would have other seconds."""
    query = select(epochs.c.epoch, epochs.c.seconds).where(epochs.c.job_id == job_id, epochs.c.epoch <= until)
    with trainings.database.read() as connection:
        return {(job_id, row.epoch): row.seconds for row in connection.execute(query)}


def _weights(trainings: Trainings, job_id: str) -> str:
    with trainings.database.read() as connection:
        query = select(versions.c.weights_sha256).where(versions.c.job_id == job_id)
        return str(connection.execute(query).scalar_one())
