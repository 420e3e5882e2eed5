"""T9: expired leases."""

import pytest

from store.clock import now
from store.jobs.expire import expire_leases
from tests.store.world import LIMIT, World, checkpoint, race


def _sweep(world: World, _: int = 0) -> list[str]:
    return world.database.write(lambda connection: expire_leases(connection, strike_limit=LIMIT))


def test_a_lost_lease_queues_the_job_with_a_strike_to_be_published_at_once(world: World) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(3))
    world.alter(mine.job_id, published_at=now())
    world.expire(mine.job_id)
    row = world.row(mine.job_id)
    assert (row.state, row.strikes, row.worker, row.lease_until, row.published_at) == ("queued", 1, None, None, None)
    assert world.events(mine.job_id)[-1] == ("queued", 1)
    assert len(world.snapshot()["checkpoints"]) == 1


@pytest.mark.parametrize("state", ["queued", "running", "ended"])
def test_a_job_without_a_lost_lease_is_left_alone(world: World, state: str) -> None:
    job_id = world.queue()
    if state != "queued":
        mine = world.start(job_id)
        if state == "ended":
            world.succeed(mine)
    before = world.snapshot()
    assert _sweep(world) == []
    assert world.snapshot() == before


def test_only_the_jobs_that_lost_their_leases_are_taken(world: World) -> None:
    healthy, lost = world.start(), world.start()
    world.lapse(lost.job_id)
    assert _sweep(world) == [lost.job_id]
    assert world.row(healthy.job_id).state == "running"


def test_a_lease_lost_too_often_ends_the_job(world: World) -> None:
    job_id = world.queue()
    for _ in range(LIMIT):
        world.beat(world.start(job_id), checkpoint=checkpoint(0))
        world.expire(job_id)
    row = world.row(job_id)
    assert (row.state, row.strikes, row.error_code) == ("failed", LIMIT, "lease_lost_too_often")
    assert f"{LIMIT} times" in row.error_text
    assert row.finished_at is not None
    assert world.events(job_id)[-1] == ("failed", LIMIT)
    assert world.snapshot()["checkpoints"] == []


def test_a_cancelled_job_with_a_lost_lease_ends_as_cancelled_without_a_strike(world: World) -> None:
    mine = world.start()
    world.cancel(mine.job_id)
    world.expire(mine.job_id)
    row = world.row(mine.job_id)
    assert (row.state, row.strikes, row.error_code) == ("cancelled", 0, "cancelled")
    assert world.events(mine.job_id)[-1] == ("cancelled", 1)


def test_four_sweepers_at_once_give_one_strike(world: World) -> None:
    mine = world.start()
    world.lapse(mine.job_id)
    taken = race(4, lambda number: _sweep(world, number))
    assert sorted(taken, key=len) == [[], [], [], [mine.job_id]]
    assert world.row(mine.job_id).strikes == 1
    assert world.events(mine.job_id).count(("queued", 1)) == 1
