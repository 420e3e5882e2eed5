"""The setup of the tests of worker: a database with customers, and attempts to train on them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psutil

from ebb.customers import customers
from store.artifacts import ArtifactStore
from store.child_processes import ONE_BLAS_THREAD
from store.database import Database
from store.datasets import NewDataset, add_dataset
from store.jobs.claim import Claim
from store.settings import Settings
from tests.store.world import World
from worker.attempt import Attempts
from worker.warm_process import ProcessStarter

ROWS = 300
CSV = customers(ROWS, seed=1).to_csv().encode()
GROWN = customers(3 * ROWS, seed=1).to_csv().encode()  # the same customers, and others
MANY = customers(20 * ROWS, seed=1).to_csv().encode()
SHORT = {"epochs": 4, "optimizer": {"name": "adam", "learning_rate": 0.01}}
# Hundreds of epochs a second, for long enough to observe it.
LONG = {"epochs": 1_000_000, "early_stopping": None, "layers": [4]}
# Members side by side make the steps slow, and batches of one row make many of them: an epoch of a second or more, and
# of the many customers one that no test waits for.
SLOW = {"epochs": 1, "early_stopping": None, "layers": [512, 512], "members": 8, "batch_size": 1}
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Trainings:
    """A world with a dataset for training, and one worker."""

    world: World
    settings: Settings
    attempts: Attempts
    starter: ProcessStarter

    @property
    def database(self) -> Database:
        return self.world.database

    def queue(self, spec: dict[str, Any], promote: str = "never", **changes: Any) -> str:
        return self.world.queue(params={"spec": spec, "promote": promote}, **changes)

    def train(self, spec: dict[str, Any], promote: str = "never") -> Any:
        """Run an attempt to its end and return the job's row."""
        job_id = self.queue(spec, promote)
        self.attempts.run(job_id)
        return self.world.row(job_id)

    @contextmanager
    def running(self, job_id: str) -> Iterator[psutil.Process]:
        """Run an attempt during the block, yield its process, and wait for its end."""
        with ThreadPoolExecutor(1) as pool:
            attempt = pool.submit(self.attempts.run, job_id)
            try:
                wait_for(lambda: child_of(job_id), "the training process")
                yield child_of(job_id)[0]
            except BaseException:
                for child in child_of(job_id):
                    child.kill()
                raise
            attempt.result(PATIENCE_SECONDS)

    def epochs(self, job_id: str) -> list[int]:
        return [row[1] for row in self.world.snapshot()["epochs"] if row[0] == job_id]

    @contextmanager
    def child(self, claim: Claim) -> Iterator[subprocess.Popen[str]]:
        """Yield the training process of a claim, without a worker."""
        with subprocess.Popen(
            [sys.executable, "-m", "worker.child"],
            env={**os.environ, **self.settings.environ(), **ONE_BLAS_THREAD},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            process.stdin.write(f"{claim.job_id} {claim.token}\n")
            process.stdin.flush()
            try:
                yield process
            finally:
                process.kill()


def make_trainings(database: Database, settings: Settings, table: bytes = CSV, **changes: Any) -> Trainings:
    artifact = ArtifactStore(settings.artifacts).put([table])
    facts = NewDataset("customers", "text/csv", "churned", "customer_id", rows=table.count(b"\n") - 1, schema={})
    dataset_id, _ = database.write(lambda connection: add_dataset(connection, artifact, replace(facts, **changes)))
    return trainings_with(World(database, dataset_id), settings)


def grown(trainings: Trainings) -> Trainings:
    """Return the same database with a dataset of the same customers and others."""
    return make_trainings(trainings.database, trainings.settings, GROWN)


def trainings_with(world: World, settings: Settings) -> Trainings:
    """Return a worker with these settings on this world."""
    starter = ProcessStarter(settings)
    return Trainings(world, settings, Attempts(settings, world.database, "w1", starter), starter)


def child_of(job_id: str) -> list[psutil.Process]:
    """Return the training process of a job, or None."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == job_id.rpartition("-")[2]:
                found.append(process)
    return found


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.02)
