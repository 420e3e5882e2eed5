"""A fleet with an API, a table to train on, and the weights that an undisturbed training ends with."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import func, select

from ebb.supervisor import free_port
from store.database import Database, open_database
from store.ids import new_id
from store.registry.versions import get_version
from store.settings import Settings
from store.tables import epochs
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.invariants import Ended
from tests.worker.trainings import Trainings, make_trainings

# Dropout draws random numbers at every step, and early stopping is off so that every run has the same epochs.
SPEC = {"layers": [32, 16], "dropout": 0.1, "batch_norm": True, "batch_size": 32, "early_stopping": None, "seed": 5}
# Shorter than in production, and long enough for a training process to start on a busy machine.
LEASES = {"lease_seconds": 6.0, "heartbeat_seconds": 0.4, "republish_seconds": 2.0}


@dataclass
class Service:
    """What a chaos test talks to; it knows every job that was acknowledged."""

    fleet: Fleet
    trainings: Trainings
    spec: dict[str, Any]
    references: dict[str, str]
    acknowledged: set[str] = field(default_factory=set)

    @property
    def database(self) -> Database:
        return self.trainings.database

    def post(self, path: str, body: object = None) -> httpx.Response:
        """Send a request until it is answered, as a client does that keeps its idempotency key."""
        key, url = new_id(), f"http://127.0.0.1:{self.fleet.settings.port}{path}"
        give_up = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.post(url, json=body, headers={"Idempotency-Key": key}, timeout=30, trust_env=False)
                if answer.status_code != 503:
                    return answer
            assert time.monotonic() < give_up, f"no answer from {url}\n{self.fleet.said()}"
            self.fleet.mend()
            time.sleep(0.1)

    def submit(self, model: str = "churn", **changes: object) -> str:
        """Submit a training, and return the job once it is acknowledged."""
        spec = {**self.spec, **changes}
        answer = self.post(
            "/v1/jobs/training", {"model": model, "dataset": self.trainings.world.dataset_id, "spec": spec}
        )
        assert answer.status_code == 202, answer.text
        job_id = str(answer.json()["id"])
        self.acknowledged.add(job_id)
        return job_id

    def row(self, job_id: str) -> Any:
        return self.trainings.world.row(job_id)

    def has_ended(self, job_id: str) -> bool:
        return self.row(job_id).finished_at is not None

    def ended(self) -> Ended:
        return Ended(self.database, self.acknowledged, self.references)


@contextmanager
def service(
    home: Path,
    url: str,
    *,
    workers: int,
    seconds: float,
    environ: Mapping[str, dict[str, str]] | None = None,
    **changes: Any,
) -> Iterator[Service]:
    """Run a service whose usual training takes about so many seconds, undisturbed.

    The training is measured and its weights noted before anything is started that could be disturbed. `environ` is
    for one process each, `changes` are settings.
    """
    wanted: dict[str, Any] = {**LEASES, "strike_limit": 50, "web_processes": 1, "worker_concurrency": 1, **changes}
    settings = Settings(home=home, database_url=url, port=free_port(), **wanted)
    database = open_database(url)
    trainings = make_trainings(database, settings, schema={"columns": []})
    spec, jobs, references = _measured(trainings, seconds)
    with fleet(settings, workers, web=True, **(environ or {})) as running:
        serving = Service(running, trainings, spec, references, jobs)
        running.wait_for(lambda: _is_ready(running), "the API and the workers")
        try:
            yield serving
        finally:
            database.close()
    home_of = [p for p in psutil.process_iter() if _works_for(p, home)]
    assert home_of == []


def _measured(trainings: Trainings, seconds: float) -> tuple[dict[str, Any], set[str], dict[str, str]]:
    jobs, references = set(), {}
    spec = {**SPEC, "epochs": 60}
    for model in ("measured", "churn"):
        job_id = trainings.queue(spec, model=model)
        trainings.attempts.run(job_id)
        row = trainings.world.row(job_id)
        assert row.state == "succeeded", row.error_text
        jobs.add(job_id)
        with trainings.database.read() as connection:
            references[model] = get_version(connection, model, 1).weights_sha256
            took = connection.execute(select(func.sum(epochs.c.seconds)).where(epochs.c.job_id == job_id)).scalar_one()
        if model == "measured":
            spec = {**spec, "epochs": max(10, round(60 * seconds / took))}
    return spec, jobs, references


def _is_ready(running: Fleet) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{running.settings.port}/readyz", trust_env=False).status_code == 200
    return False


def _works_for(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("EBB_HOME") == str(home)
    except psutil.Error:
        return False
