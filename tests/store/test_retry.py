"""Work that did not succeed is asked for again as a new job."""

import pytest

from store.errors import NotFoundError, NotRetryableError
from store.jobs.finish import fail
from store.jobs.retry import retry
from tests.store.world import World


def _failed(world: World) -> str:
    mine = world.start(world.queue(params={"epochs": 7}))
    world.database.write(lambda connection: fail(connection, mine, code="c", text="t"))
    return mine.job_id


def test_a_failed_job_is_retried_as_a_new_one_that_names_it(world: World) -> None:
    old = _failed(world)
    new = world.database.write(lambda connection: retry(connection, old, owner="a")).job_id
    row = world.row(new)
    assert (row.state, row.retry_of, row.params, row.strikes) == ("queued", old, {"epochs": 7}, 0)
    assert world.row(old).state == "failed"


def test_a_cancelled_job_can_be_retried(world: World) -> None:
    old = world.queue()
    world.cancel(old)
    assert world.database.write(lambda connection: retry(connection, old, owner="a")).job_id != old


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_a_job_that_waits_runs_or_succeeded_cannot_be_retried(world: World, state: str) -> None:
    job_id = world.queue()
    if state != "queued":
        mine = world.start(job_id)
        if state == "succeeded":
            world.succeed(mine)
    world.refuses(lambda connection: retry(connection, job_id, owner="a"), NotRetryableError)


def test_a_job_that_does_not_exist_cannot_be_retried(world: World) -> None:
    world.refuses(lambda connection: retry(connection, "none", owner="a"), NotFoundError)


def test_a_retry_under_the_same_key_makes_one_job(world: World) -> None:
    old = _failed(world)
    first, again = (
        world.database.write(lambda connection: retry(connection, old, owner="a", idempotency_key="k"))
        for _ in range(2)
    )
    assert (again.job_id, first.replayed, again.replayed) == (first.job_id, False, True)
