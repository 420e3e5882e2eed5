"""T7 and T8: the owner requeues the job, without or with a strike."""

import pytest

from store.clock import now
from store.jobs.claim import Claim
from store.jobs.requeue import requeue, strike
from tests.store.world import World, checkpoint


def _strike(world: World, mine: Claim, limit: int = 3) -> str:
    return world.database.write(
        lambda connection: strike(connection, mine, limit=limit, code="out_of_memory", text="Take fewer rows.")
    )


def test_a_job_handed_back_is_queued_without_a_strike_and_published_at_once(world: World) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(3))
    world.alter(mine.job_id, published_at=now())
    world.database.write(lambda connection: requeue(connection, mine))
    row = world.row(mine.job_id)
    assert (row.state, row.strikes, row.worker, row.lease_until, row.published_at) == ("queued", 0, None, None, None)
    assert world.events(mine.job_id)[-1] == ("queued", 1)
    assert len(world.snapshot()["checkpoints"]) == 1
    assert world.start(mine.job_id).token == 2


@pytest.mark.parametrize("give_back", [requeue, lambda *args: strike(*args, limit=3, code="c", text="t")])
def test_a_cancelled_job_is_not_requeued(world: World, give_back) -> None:
    mine = world.start()
    world.cancel(mine.job_id)
    world.refuses(lambda connection: give_back(connection, mine))


def test_a_strike_queues_the_job_again_but_not_at_once(world: World) -> None:
    mine = world.start()
    assert _strike(world, mine) == "queued"
    row = world.row(mine.job_id)
    assert (row.state, row.strikes, row.error_code) == ("queued", 1, None)
    assert world.claim(mine.job_id) is None


def test_the_delay_grows_with_each_strike(world: World) -> None:
    job_id = world.queue()
    delays = []
    for _ in range(4):
        world.alter(job_id, run_after=now(-1.0))
        mine = world.start(job_id)
        struck_at = world.row(job_id).heartbeat_at
        _strike(world, mine, limit=9)
        delays.append((world.row(job_id).run_after - struck_at).total_seconds())
    assert delays == pytest.approx([2.0, 4.0, 8.0, 16.0], abs=0.5)


def test_the_delay_grows_up_to_five_minutes(world: World) -> None:
    mine = world.start()
    world.alter(mine.job_id, strikes=98)
    struck_at = world.row(mine.job_id).heartbeat_at
    _strike(world, mine, limit=100)
    assert (world.row(mine.job_id).run_after - struck_at).total_seconds() == pytest.approx(300.0, abs=5.0)


def test_a_poison_job_fails_at_the_strike_limit(world: World) -> None:
    job_id = world.queue()
    states = []
    for _ in range(3):
        world.alter(job_id, run_after=now(-1.0))
        mine = world.start(job_id)
        world.beat(mine, checkpoint=checkpoint(0))
        states.append(_strike(world, mine))
    assert states == ["queued", "queued", "failed"]
    row = world.row(job_id)
    assert (row.strikes, row.error_code, row.error_text) == (3, "out_of_memory", "Take fewer rows.")
    assert [event for event, _ in world.events(job_id)].count("failed") == 1
    assert world.snapshot()["checkpoints"] == []


def test_strikes_of_owners_and_sweepers_are_added(world: World) -> None:
    job_id = world.queue()
    world.start(job_id)
    world.expire(job_id)
    _strike(world, world.start(job_id))
    world.alter(job_id, run_after=now(-1.0))
    world.start(job_id)
    world.expire(job_id)
    assert (world.row(job_id).state, world.row(job_id).strikes) == ("failed", 3)
