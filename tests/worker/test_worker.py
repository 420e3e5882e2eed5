"""`python -m worker` with a real broker: idle workers take jobs while others are busy, and all stop cleanly."""

import signal
import time
from contextlib import ExitStack
from dataclasses import replace

from store.broker import Broker
from store.doorbell import CeleryDoorbell
from store.jobs.publish import take_one
from tests.worker.processes import worker
from tests.worker.trainings import LONG, SHORT, Trainings, child_of, wait_for


def test_a_message_does_not_wait_at_a_busy_worker(trainings: Trainings, broker: Broker) -> None:
    settings = replace(
        trainings.settings, redis_url=broker.url, worker_concurrency=1, republish_seconds=3600.0, lease_seconds=30.0
    )
    world, bell = trainings.world, CeleryDoorbell(broker.url)
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(settings)) for _ in range(2)]
        wait_for(lambda: len(world.snapshot()["workers"]) == 2, "both workers")
        long = trainings.queue(LONG)
        wait_for(lambda: trainings.epochs(long), "the long job")
        short = [trainings.queue(SHORT) for _ in range(3)]
        for job_id in short:
            if trainings.database.write(lambda connection, job_id=job_id: take_one(connection, job_id)):
                bell.ring(job_id, "training")  # otherwise a sweeper was first; each job is published once
        wait_for(lambda: all(world.row(job_id).state == "succeeded" for job_id in short), "the short jobs")
        row = world.row(long)
        assert (row.state, row.token) == ("running", 1)
        assert row.worker.split("#")[0] not in {world.row(job_id).worker.split("#")[0] for job_id in short}
        for process in workers:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=60) for process in workers] == [0, 0]
    row = world.row(long)
    assert (row.state, row.strikes) == ("queued", 0)
    assert world.snapshot()["workers"] == []


def test_the_next_job_starts_as_soon_as_one_ends(on_sqlite: Trainings, broker: Broker) -> None:
    """Celery alone polls for the next message up to a second later."""
    settings = replace(on_sqlite.settings, redis_url=broker.url, worker_concurrency=1, lease_seconds=30.0)
    world, bell, waited = on_sqlite.world, CeleryDoorbell(broker.url), []
    with worker(settings):
        for _ in range(6):
            job_id = on_sqlite.queue(SHORT)
            if on_sqlite.database.write(lambda connection, job_id=job_id: take_one(connection, job_id)):
                bell.ring(job_id, "training")
            wait_for(lambda job_id=job_id: world.row(job_id).state == "succeeded", "the job")
            waited.append((world.row(job_id).started_at - world.row(job_id).created_at).total_seconds())
            wait_for(lambda job_id=job_id: not child_of(job_id), "the end of its process")
            time.sleep(0.1)
    assert sorted(waited)[3] < 0.35, waited
