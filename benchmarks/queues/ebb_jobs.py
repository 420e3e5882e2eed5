"""Measures Ebb, with a process for each job: a job that is refused at once, and a tiny training."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pages import ROOT
from sqlalchemy import func, select

from ebb.customers import customers
from model.spec import parse_spec
from queues.waiting import say, stop, wait_for
from store.artifacts import ArtifactStore
from store.child_processes import ONE_BLAS_THREAD
from store.database import Database, open_database
from store.datasets import NewDataset, add_dataset
from store.doorbell import CeleryDoorbell
from store.jobs.cancel import cancel
from store.jobs.publish import take_one
from store.jobs.read import get_job
from store.jobs.submit import Submission, submit
from store.migrate import upgrade
from store.settings import Settings
from store.tables import epochs, jobs, workers

Spec = Mapping[str, object]

# Not a spec: the job is claimed, passed to its process, read, refused and ended. The jobs of the peers do no more.
NOTHING: Spec = {"nothing": "to do"}
TINY: Spec = parse_spec({"epochs": 1, "layers": [1], "early_stopping": None}).to_json()
LONG: Spec = parse_spec({"epochs": 1_000_000, "early_stopping": None, "layers": [4]}).to_json()
REST_SECONDS = 1.0  # between jobs for an idle worker, which starts the next process in this time


@dataclass(frozen=True)
class Service:
    """A database with a small table, and a broker."""

    settings: Settings
    database: Database
    bell: CeleryDoorbell
    dataset: str

    def submit(self, spec: Spec) -> str:
        """Submit a training and publish it, as the API does; return the id of the job."""
        submission = Submission("training", "bench", self.dataset, {"spec": spec, "promote": "never"})
        job_id = self.database.write(lambda connection: submit(connection, submission)).job_id
        kind = self.database.write(lambda connection: take_one(connection, job_id))
        if kind is not None:
            self.bell.ring(job_id, kind)
        return job_id

    def row(self, job_id: str) -> Any:
        """Return a job's row."""
        with self.database.read() as connection:
            return get_job(connection, job_id)

    def ended(self, job_id: str) -> Any:
        """Return a job's row once it has ended."""
        wait_for(lambda: self.row(job_id).finished_at, "the end of a job")
        return self.row(job_id)

    def waiting(self) -> int:
        """Return how many jobs have not ended."""
        with self.database.read() as connection:
            query = select(func.count()).select_from(jobs).where(jobs.c.state.in_(("queued", "running")))
            return int(connection.execute(query).scalar_one())

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Run workers, each of which has run a job before the measurement."""
        environ = {**os.environ, **self.settings.environ(), **ONE_BLAS_THREAD, "PYTHONPATH": str(ROOT)}
        with (self.settings.home / "workers.log").open("ab") as log:
            command = [sys.executable, "-m", "worker"]
            started = [subprocess.Popen(command, env=environ, stdout=log, stderr=log) for _ in range(count)]
        try:
            wait_for(lambda: self._alive() >= count, f"{count} workers")
            jobs_a_second(self, NOTHING, 3 * count)
            time.sleep(REST_SECONDS)
            yield started
        except SystemExit:
            print((self.settings.home / "workers.log").read_text(errors="replace")[-3000:], file=sys.stderr)
            raise
        finally:
            stop(started)

    def _alive(self) -> int:
        with self.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(workers)).scalar_one())


def serve(home: Path, socket: str, database_url: str = "") -> Service:
    """Prepare a service whose workers run one job each at a time."""
    settings = Settings(home=home, database_url=database_url or f"sqlite:///{home / 'ebb.db'}", log_level="ERROR")
    settings = replace(settings, redis_url=f"redis+socket://{socket}", worker_concurrency=1)
    database = open_database(settings.database_url)
    upgrade(database)
    return Service(settings, database, CeleryDoorbell(settings.redis_url), add_customers(settings, database, 40))


def add_customers(settings: Settings, database: Database, rows: int) -> str:
    """Store a table of customers; return the id of the dataset."""
    artifact = ArtifactStore(settings.artifacts).put([customers(rows, seed=1).to_csv().encode()])
    new = NewDataset("bench", "text/csv", "churned", "customer_id", rows, {"columns": []})
    dataset, _ = database.write(lambda connection: add_dataset(connection, artifact, new))
    return dataset


def latencies(service: Service, spec: Spec, jobs: int) -> tuple[list[float], list[float]]:
    """Submit jobs one by one to an idle worker; return the times until each was claimed and had ended.

    Units: seconds.
    """
    claimed, ended = [], []
    for _ in range(jobs):
        row = service.ended(service.submit(spec))
        _check(row, spec)
        claimed.append((row.started_at - row.created_at).total_seconds())
        ended.append((row.finished_at - row.created_at).total_seconds())
        time.sleep(REST_SECONDS)
    return claimed, ended


def jobs_a_second(service: Service, spec: Spec, jobs: int) -> float:
    """Submit all jobs at once; return the number that ended in a second."""
    begun = time.monotonic()
    sent = [service.submit(spec) for _ in range(jobs)]
    wait_for(lambda: not service.waiting(), f"the end of {jobs} jobs", seconds=60 + 10 * jobs, pause=0.02)
    took = time.monotonic() - begun
    for job_id in sent:
        _check(service.row(job_id), spec)
    return jobs / took


def _check(row: Any, spec: Spec) -> None:
    expected = ("failed", "spec", 0) if spec is NOTHING else ("succeeded", None, 0)
    if (row.state, row.error_code, row.strikes) != expected:
        raise SystemExit(f"a job ended as {row.state}, not as {expected[0]}: {row.error_text}")


def recovery(service: Service) -> float:
    """Kill the worker of a running training; return the time until another worker claims the job.

    Units: seconds.
    """
    lease = service.settings.lease_seconds
    with service.workers(2) as processes:
        job_id = service.submit(LONG)
        wait_for(lambda: _epochs(service, job_id), "the first epochs of a long training")
        [owner] = [process for process in processes if f":{process.pid}#" in service.row(job_id).worker]
        say(f"a worker is killed in {lease + 5:.0f} s, when the sweepers' patience after their start is over")
        time.sleep(lease + 5)
        owner.kill()
        killed = time.monotonic()
        wait_for(lambda: service.row(job_id).token > 1, "another attempt at its training", seconds=4 * lease)
        missed = time.monotonic() - killed
        service.database.write(lambda connection: cancel(connection, job_id, by="bench"))
        wait_for(lambda: not service.waiting(), "the end of the training")
    return missed


def _epochs(service: Service, job_id: str) -> bool:
    with service.database.read() as connection:
        return connection.execute(select(epochs.c.epoch).where(epochs.c.job_id == job_id).limit(1)).first() is not None
