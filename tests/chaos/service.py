"""A fleet with an API, tables for training and scoring, and the results of undisturbed work."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from ebb.supervisor import free_port
from store.artifacts import ArtifactStore
from store.database import Database, open_database
from store.ids import new_id
from store.settings import Settings
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.invariants import Ended
from tests.chaos.undisturbed import SCORING, Undisturbed, measure
from tests.worker.trainings import Trainings, make_trainings

# Shorter than in production, and long enough for a training process to start on a busy machine.
LEASES = {"lease_seconds": 6.0, "heartbeat_seconds": 0.4, "republish_seconds": 2.0}


@dataclass
class Service:
    """The service of a chaos test. It records every acknowledged job."""

    fleet: Fleet
    trainings: Trainings
    undisturbed: Undisturbed
    acknowledged: set[str] = field(default_factory=set)

    @property
    def database(self) -> Database:
        return self.trainings.database

    def post(self, path: str, body: object = None) -> httpx.Response:
        """Send a request until it is answered, with one idempotency key."""
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

    def submit(self, kind: str = "training", model: str = "churn", **changes: object) -> str:
        """Submit a job of this kind, and return the acknowledged job. `changes` are for the spec of a training."""
        if kind == "replay":
            answer = self.post(f"/v1/models/{model}/versions/1/replay")
        elif kind == "scoring":
            answer = self.post("/v1/jobs/scoring", {"model": model, "dataset": self.undisturbed.table, **SCORING})
        else:
            answer = self.post("/v1/jobs/training", self.training(model, **changes))
        assert answer.status_code == 202, answer.text
        job_id = str(answer.json()["id"])
        self.acknowledged.add(job_id)
        return job_id

    def training(self, model: str = "churn", **changes: object) -> dict[str, object]:
        """Return the request for a training."""
        spec = {**self.undisturbed.spec, **changes}
        return {"model": model, "dataset": self.trainings.world.dataset_id, "spec": spec}

    def forget_scores(self) -> None:
        """Remove the file of scores, so that the next scoring writes it again."""
        ArtifactStore(self.fleet.settings.artifacts).path(self.undisturbed.scored).unlink(missing_ok=True)

    def row(self, job_id: str) -> Any:
        return self.trainings.world.row(job_id)

    def has_ended(self, job_id: str) -> bool:
        return self.row(job_id).finished_at is not None

    def ended(self) -> Ended:
        return Ended(self.database, self.acknowledged, self.undisturbed)


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
    """Run a service with trainings of about this number of undisturbed seconds.

    `environ` is the environment of each process, `changes` are settings.
    """
    wanted: dict[str, Any] = {**LEASES, "strike_limit": 50, "web_processes": 1, "worker_concurrency": 1, **changes}
    settings = Settings(home=home, database_url=url, port=free_port(), **wanted)
    database = open_database(url)
    trainings = make_trainings(database, settings, schema={"columns": []})
    undisturbed = measure(trainings, seconds)
    with fleet(settings, workers, web=True, **(environ or {})) as running:
        serving = Service(running, trainings, undisturbed, set(undisturbed.jobs))
        running.wait_for(lambda: _is_ready(running), "the API and the workers")
        try:
            yield serving
        finally:
            database.close()
    home_of = [p for p in psutil.process_iter() if _works_for(p, home)]
    assert psutil.wait_procs(home_of, timeout=30)[1] == []


def _is_ready(running: Fleet) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{running.settings.port}/readyz", trust_env=False).status_code == 200
    return False


def _works_for(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("EBB_HOME") == str(home)
    except psutil.Error:
        return False
