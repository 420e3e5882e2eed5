"""A retry of an unsuccessful job is a new job."""

from typing import Any

import pytest

from store.errors import NotFoundError, NotRetryableError
from store.ids import new_id
from store.jobs.finish import fail
from store.jobs.retry import retry
from store.jobs.submit import Submitted
from tests.store.world import World


def _failed(world: World) -> str:
    mine = world.start(world.queue(params={"epochs": 7}))
    world.database.write(lambda connection: fail(connection, mine, code="c", text="t"))
    return mine.job_id


def _retry(world: World, job_id: str, **changes: Any) -> Submitted:
    asked = {"owner": "a", "new_job_id": new_id(), **changes}
    return world.database.write(lambda connection: retry(connection, job_id, **asked))


def test_a_failed_job_is_retried_as_a_new_one_that_names_it(world: World) -> None:
    old = _failed(world)
    row = world.row(_retry(world, old).job_id)
    assert (row.state, row.retry_of, row.params, row.strikes) == ("queued", old, {"epochs": 7}, 0)
    assert world.row(old).state == "failed"


def test_a_cancelled_job_can_be_retried(world: World) -> None:
    old = world.queue()
    world.cancel(old)
    assert _retry(world, old).job_id != old


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_a_job_that_waits_runs_or_succeeded_cannot_be_retried(world: World, state: str) -> None:
    job_id = world.queue()
    if state != "queued":
        mine = world.start(job_id)
        if state == "succeeded":
            world.succeed(mine)
    world.refuses(lambda connection: retry(connection, job_id, owner="a", new_job_id=new_id()), NotRetryableError)


def test_a_job_that_does_not_exist_cannot_be_retried(world: World) -> None:
    world.refuses(lambda connection: retry(connection, "none", owner="a", new_job_id=new_id()), NotFoundError)


def test_a_retry_under_the_same_key_makes_one_job(world: World) -> None:
    old = _failed(world)
    first, again = (_retry(world, old, idempotency_key="k") for _ in range(2))
    assert (again.job_id, first.replayed, again.replayed) == (first.job_id, False, True)


def test_a_retry_with_a_lost_commit_answer_makes_one_job(world: World) -> None:
    old, mine = _failed(world), new_id()
    assert [_retry(world, old, new_job_id=mine).job_id for _ in range(2)] == [mine, mine]
    assert len(world.snapshot()["jobs"]) == 2
