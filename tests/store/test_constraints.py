"""The constraints of the tables refuse invalid rows."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from store.clock import now
from store.tables import aliases, checkpoints, epochs, job_events, jobs, metadata, versions
from tests.store.world import World

IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "running without a lease": {"state": "running"},
    "queued with a lease": {"lease_until": now()},
    "ended with a lease": {"state": "failed", "finished_at": now(), "lease_until": now()},
    "succeeded without an end": {"state": "succeeded"},
    "failed without an end": {"state": "failed"},
    "cancelled without an end": {"state": "cancelled"},
    "queued with an end": {"finished_at": now()},
    "running with an end": {"state": "running", "lease_until": now(), "finished_at": now()},
    "queued but to be cancelled": {"cancel_requested": True},
    "succeeded though cancelled": {"state": "succeeded", "finished_at": now(), "cancel_requested": True},
    "an unknown state": {"state": "paused"},
    "an unknown kind": {"kind": "baking"},
    "a negative token": {"token": -1},
    "negative strikes": {"strikes": -1},
    "no parameters": {"params": None},
    "a retry of no job": {"retry_of": "none"},
    "an unknown dataset": {"dataset_id": "none"},
}


@pytest.mark.parametrize("values", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_an_impossible_job_is_refused(world: World, values: dict[str, Any]) -> None:
    job_id = world.queue()
    before = world.snapshot()
    with pytest.raises(IntegrityError):
        world.alter(job_id, **values)
    assert world.snapshot() == before


def _refused(world: World, statement: Any) -> None:
    before = world.snapshot()
    with pytest.raises(IntegrityError):
        world.database.write(lambda connection: connection.execute(statement))
    assert world.snapshot() == before


ORPHANS: dict[str, Callable[[], Any]] = {
    "event": lambda: insert(job_events).values(job_id="none", event="queued", token=0, data={}),
    "checkpoint": lambda: insert(checkpoints).values(job_id="none", token=1, epoch=0, state=b"", sha256=""),
    "epoch": lambda: insert(epochs).values(
        job_id="none", epoch=0, learning_rate=0.1, train_loss=1.0, gradient_norm=1.0, seconds=1.0
    ),
    "alias": lambda: insert(aliases).values(model="churn", alias="champion", version=1, revision=1),
}


@pytest.mark.parametrize("make", ORPHANS.values(), ids=ORPHANS.keys())
def test_a_row_without_its_parent_is_refused(world: World, make: Callable[[], Any]) -> None:
    _refused(world, make())


def _version_row(world: World, job_id: str, number: int) -> dict[str, Any]:
    return {**vars(world.version()), "version": number, "job_id": job_id}


def test_a_second_version_of_one_job_is_refused(world: World) -> None:
    mine = world.start()
    world.succeed(mine)
    _refused(world, insert(versions).values(_version_row(world, mine.job_id, 2)))


def test_a_second_version_of_one_number_is_refused(world: World) -> None:
    world.succeed(world.start())
    _refused(world, insert(versions).values(_version_row(world, world.queue(), 1)))


def test_every_constraint_has_a_name_of_its_own() -> None:
    names = [constraint.name for table in metadata.sorted_tables for constraint in table.constraints]
    assert None not in names
    assert len(names) == len(set(names))
    assert max(len(str(name)) for name in names) <= 63  # PostgreSQL cuts longer names


def test_the_jobs_table_has_every_column_of_the_design() -> None:
    facts = {"token", "strikes", "worker", "lease_until", "run_after", "published_at", "cancel_requested"}
    assert facts | {"deadline_at", "error_code", "error_text"} <= set(jobs.c.keys())
