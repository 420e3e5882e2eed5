"""Measures in one process: the answer to a submission, and the cost of storing a training's progress."""

import logging
import time
from collections.abc import Mapping

from app.server.factory import create_app
from queues.ebb_jobs import Service, add_customers
from store.doorbell import CeleryDoorbell
from store.jobs.claim import claim
from store.jobs.finish import fail
from store.jobs.submit import Submission, submit
from worker.heartbeats import Heartbeats
from worker.kinds.training import Training
from worker.lease_keeper import LeaseKeeper
from worker.progress_writer import ProgressWriter

ROWS = 1_000
ENDLESS = {"epochs": 1_000_000, "early_stopping": None}
TRAININGS = {
    "the home case, 4-8-4-1 in batches of 32": {"layers": [8, 4], "batch_size": 32} | ENDLESS,
    "4-64-32-1 in batches of 16": {"layers": [64, 32], "batch_size": 16} | ENDLESS,
}


def answers_without_a_broker(service: Service, requests: int) -> list[float]:
    """Submit through the routes of the application while the broker is down; return the time of each answer.

    Units: seconds.
    """
    # The publisher warns about each job that it leaves to the sweeper.
    logging.getLogger("app.publisher").setLevel(logging.ERROR)
    app = create_app(service.settings, service.database, CeleryDoorbell("redis+socket:///nowhere/none.sock"))
    client, found = app.test_client(), []
    for _ in range(requests):
        begun = time.perf_counter()
        answer = client.post("/v1/jobs/training", json={"model": "bench", "dataset": service.dataset})
        found.append(time.perf_counter() - begun)
        assert answer.status_code == 202, answer.text
    app.extensions["ebb"].publisher.stop()
    return found


def cost_of_storing(service: Service, spec: Mapping[str, object], seconds: float) -> tuple[float, int]:
    """Train on 1,000 customers like a job.

    Return the share of the time of heartbeats and checkpoints, and the epochs.
    """
    dataset = add_customers(service.settings, service.database, ROWS)
    submission = Submission("training", "bench", dataset, {"spec": dict(spec), "promote": "never"})
    job_id = service.database.write(lambda connection: submit(connection, submission)).job_id
    mine = service.database.write(lambda connection: claim(connection, job_id, worker="bench", lease_seconds=30.0))
    assert mine is not None
    settings, database, stored, count = service.settings, service.database, 0.0, 0
    work, heartbeats = Training.prepare(settings, database, job_id), Heartbeats(database, mine, settings.lease_seconds)
    with LeaseKeeper(database, heartbeats, settings.heartbeat_seconds, work.activity) as keeper:
        writer = ProgressWriter(heartbeats, settings.heartbeat_seconds, keeper.renew_if_late)
        begun = time.perf_counter()
        for unit in work.units():
            at = time.perf_counter()
            writer.add(unit, work.checkpoint)
            stored += time.perf_counter() - at
            count += 1
            if at - begun > seconds:
                break
        total = time.perf_counter() - begun
    # Otherwise the next sweeper gives it to a worker, which would train for hours.
    service.database.write(lambda connection: fail(connection, mine, code="timed", text="it was timed"))
    return stored / total, count
