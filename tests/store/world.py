"""The setup of the tests of store: a database with a dataset, and jobs in any state."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, Row, select, update

from store.artifacts import Artifact
from store.clock import now
from store.database import Database
from store.datasets import NewDataset, add_dataset
from store.errors import LeaseLostError, StoreError
from store.jobs.cancel import cancel
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim, claim
from store.jobs.epoch import Epoch
from store.jobs.expire import expire_leases
from store.jobs.finish import succeed_training
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.submit import Submission, submit
from store.registry.versions import NewVersion
from store.tables import job_events, jobs, metadata

T = TypeVar("T")
Work = Callable[[Connection], object]

LIMIT = 3


@dataclass(frozen=True)
class World:
    """A database with one dataset, and short names for the operations of tests."""

    database: Database
    dataset_id: str

    def submission(self, **changes: Any) -> Submission:
        wanted: dict[str, Any] = {"kind": "training", "model": "churn", "dataset_id": self.dataset_id, "params": {}}
        return Submission(**{**wanted, **changes})

    def queue(self, **changes: Any) -> str:
        submission = self.submission(**changes)
        return self.database.write(lambda connection: submit(connection, submission)).job_id

    def claim(self, job_id: str, worker: str = "w1") -> Claim | None:
        return self.database.write(lambda connection: claim(connection, job_id, worker=worker, lease_seconds=30.0))

    def start(self, job_id: str | None = None, worker: str = "w1") -> Claim:
        mine = self.claim(job_id or self.queue(), worker)
        assert mine is not None
        return mine

    def beat(self, mine: Claim, **more: Any) -> bool:
        progress = JobProgress(done=1, total=10)
        return self.database.write(
            lambda connection: heartbeat(connection, mine, lease_seconds=30.0, progress=progress, **more)
        )

    def succeed(self, mine: Claim, **changes: Any) -> int:
        version = self.version(**changes)
        return self.database.write(lambda connection: succeed_training(connection, mine, version))

    def cancel(self, job_id: str) -> None:
        self.database.write(lambda connection: cancel(connection, job_id, by="somebody"))

    def lapse(self, job_id: str) -> None:
        """Let the lease expire, before any sweep."""
        self.alter(job_id, lease_until=now(-1.0))

    def expire(self, job_id: str, strike_limit: int = LIMIT) -> None:
        """Let the lease expire, and sweep."""
        self.lapse(job_id)
        ids = self.database.write(lambda connection: expire_leases(connection, strike_limit=strike_limit))
        assert ids == [job_id]

    def alter(self, job_id: str, **values: Any) -> None:
        self.database.write(
            lambda connection: connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))
        )

    def row(self, job_id: str) -> Row[Any]:
        with self.database.read() as connection:
            return connection.execute(select(jobs).where(jobs.c.id == job_id)).one()

    def events(self, job_id: str) -> list[tuple[str, int]]:
        query = select(job_events.c.event, job_events.c.token).where(job_events.c.job_id == job_id)
        with self.database.read() as connection:
            return [(event, token) for event, token in connection.execute(query.order_by(job_events.c.id))]

    def version(self, **changes: Any) -> NewVersion:
        facts: dict[str, Any] = {"spec": {}, "columns": [], "metrics": {"auc": 0.8}, "environment": {}}
        source = {"dataset_id": self.dataset_id, "data_sha256": "d" * 64}
        wanted = {"model": "churn", "estimator": b"bytes", **facts, **source, **changes}
        return NewVersion(**{"weights_sha256": hashlib.sha256(wanted["estimator"]).hexdigest(), **wanted})

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        with self.database.read() as connection:
            tables = {table.name: select(table).order_by(*table.primary_key) for table in metadata.sorted_tables}
            return {name: [tuple(row) for row in connection.execute(query)] for name, query in tables.items()}

    def refuses(self, work: Work, error: type[StoreError] = LeaseLostError) -> None:
        """Assert that the work raises, and that a caller that still commits has written nothing."""

        def run(connection: Connection) -> None:
            with pytest.raises(error):
                work(connection)

        before = self.snapshot()
        self.database.write(run)
        assert self.snapshot() == before


def make_world(database: Database, name: str = "customers") -> World:
    artifact = Artifact(hashlib.sha256(b"table").hexdigest(), 5, None)  # no file is read
    facts = NewDataset(name, "text/csv", target="churned", id_column="", rows=1, schema={})
    dataset_id, _ = database.write(lambda connection: add_dataset(connection, artifact, facts))
    return World(database, dataset_id)


def epoch(number: int, **changes: Any) -> Epoch:
    losses: dict[str, Any] = {"train_loss": 0.5, "valid_loss": 0.6, "valid_auc": 0.7, "gradient_norm": 1.0}
    others: dict[str, Any] = {"learning_rate": 0.01, "seconds": 0.1, "dead_units": None, "retries": 0, "layers": None}
    return Epoch(**{"epoch": number, **losses, **others, **changes})


def checkpoint(number: int, state: bytes = b"state") -> CheckpointRow:
    return CheckpointRow(epoch=number, state=state, sha256=hashlib.sha256(state).hexdigest())


def race(runners: int, work: Callable[[int], T]) -> list[T | StoreError]:
    """Run the work in threads that start together; return the result or the error of each."""
    start = Barrier(runners)

    def run(number: int) -> T | StoreError:
        start.wait()
        try:
            return work(number)
        except StoreError as error:
            return error

    with ThreadPoolExecutor(runners) as pool:
        return list(pool.map(run, range(runners)))
