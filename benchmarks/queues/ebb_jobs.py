"""Ebb's figures, with the smallest job there is: a training of one epoch on forty rows, in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ebb.customers import customers
from model.spec import parse_spec
from store.artifacts import ArtifactStore
from store.children import ONE_BLAS_THREAD
from store.database import Database, open_database
from store.datasets import NewDataset, add_dataset
from store.doorbell import CeleryDoorbell
from store.jobs.publish import take_one
from store.jobs.read import get_job
from store.jobs.submit import Submission, submit
from store.migrate import upgrade
from store.settings import Settings
from store.tables import epochs, workers

TINY = {"epochs": 1, "layers": [1], "early_stopping": None}
LONG = {"epochs": 1_000_000, "early_stopping": None, "layers": [4]}
ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Service:
    """A database with a small table in it, and a broker."""

    settings: Settings
    database: Database
    bell: CeleryDoorbell
    dataset: str

    def submit(self, spec: dict[str, object]) -> str:
        """Submit a training and ring for it, as the API does; return the job's id."""
        params = {"spec": parse_spec(spec).to_json(), "promote": "never"}
        submission = Submission("training", "bench", self.dataset, params)
        job_id = self.database.write(lambda connection: submit(connection, submission)).job_id
        kind = self.database.write(lambda connection: take_one(connection, job_id))
        if kind is not None:
            self.bell.ring(job_id, kind)
        return job_id

    def row(self, job_id: str) -> Any:
        """Return a job's row."""
        with self.database.read() as connection:
            return get_job(connection, job_id)

    def wait(self, job_id: str, *states: str) -> Any:
        """Wait until a job is in one of these states, and return its row."""
        while (row := self.row(job_id)).state not in states:
            time.sleep(0.005)
        return row

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run that many workers, and wait until they are there."""
        environ = {**os.environ, **self.settings.environ(), **ONE_BLAS_THREAD}
        command = [sys.executable, "-m", "worker"]
        started = [subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) for _ in range(count)]
        try:
            while len(self._alive()) < count:
                time.sleep(0.05)
            time.sleep(2.0)
            yield started
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(60)

    def _alive(self) -> list[Any]:
        with self.database.read() as connection:
            return list(connection.execute(select(workers.c.name)))


def serve(home: Path, socket: str, database_url: str = "") -> Service:
    """Prepare a service whose workers run one job each at a time."""
    settings = Settings(home=home, database_url=database_url or f"sqlite:///{home / 'ebb.db'}", log_level="WARNING")
    settings = replace(settings, redis_url=f"redis+socket://{socket}", worker_concurrency=1)
    database = open_database(settings.database_url)
    upgrade(database)
    artifact = ArtifactStore(settings.artifacts).put([customers(40, seed=1).to_csv().encode()])
    new = NewDataset("bench", "text/csv", "churned", "customer_id", 40, {"columns": []})
    dataset, _ = database.write(lambda connection: add_dataset(connection, artifact, new))
    return Service(settings, database, CeleryDoorbell(settings.redis_url), dataset)


def latencies(service: Service, jobs: int) -> tuple[list[float], list[float]]:
    """Submit jobs one at a time to an idle worker; return when each was claimed and when it had ended."""
    claimed, ended = [], []
    for _ in range(jobs):
        row = service.wait(service.submit(TINY), *ENDED)
        assert row.state == "succeeded", row.error_text
        claimed.append((row.started_at - row.created_at).total_seconds())
        ended.append((row.finished_at - row.created_at).total_seconds())
    return claimed, ended


def jobs_a_second(service: Service, jobs: int) -> float:
    """Submit jobs all at once and return how many were done in a second."""
    begun = time.monotonic()
    for job_id in [service.submit(TINY) for _ in range(jobs)]:
        assert service.wait(job_id, *ENDED).state == "succeeded"
    return jobs / (time.monotonic() - begun)


def recovery(service: Service) -> float:
    """Kill the worker of a training under way, and return how long it took until another had taken it up.

    Units: seconds.
    """
    with service.workers(2) as processes:
        job_id = service.submit(LONG)
        service.wait(job_id, "running")
        while not _epochs(service, job_id):
            time.sleep(0.05)
        [owner] = [process for process in processes if f":{process.pid}#" in service.row(job_id).worker]
        time.sleep(service.settings.lease_seconds + 5)  # the sweepers' own patience after their start
        owner.kill()
        killed = time.monotonic()
        while service.row(job_id).token < 2:
            time.sleep(0.02)
        return time.monotonic() - killed


def _epochs(service: Service, job_id: str) -> bool:
    with service.database.read() as connection:
        return connection.execute(select(epochs.c.epoch).where(epochs.c.job_id == job_id).limit(1)).first() is not None
