"""T12: jobs past their deadline."""

import pytest

from store.clock import now
from store.jobs.deadlines import end_overdue, flag_deadlines
from store.jobs.finish import end_cancelled
from tests.store.world import World, checkpoint


def _flag(world: World) -> int:
    return world.database.write(flag_deadlines)


def test_a_running_job_past_its_deadline_stops_with_the_deadline_code(world: World) -> None:
    mine = world.start()
    world.alter(mine.job_id, deadline_at=now(-1.0))
    assert _flag(world) == 1
    assert world.beat(mine) is True
    world.database.write(lambda connection: end_cancelled(connection, mine))
    row = world.row(mine.job_id)
    assert (row.state, row.error_code) == ("cancelled", "deadline")
    assert [event for event, _ in world.events(mine.job_id)] == ["queued", "running", "cancel_requested", "cancelled"]


def test_a_deadline_is_flagged_once(world: World) -> None:
    mine = world.start()
    world.alter(mine.job_id, deadline_at=now(-1.0))
    _flag(world)
    before = world.snapshot()
    assert _flag(world) == 0
    assert world.snapshot() == before


def test_a_lost_job_past_its_deadline_keeps_that_code(world: World) -> None:
    mine = world.start()
    world.alter(mine.job_id, deadline_at=now(-1.0))
    _flag(world)
    world.expire(mine.job_id)
    assert (world.row(mine.job_id).state, world.row(mine.job_id).error_code) == ("cancelled", "deadline")


@pytest.mark.parametrize("state", ["queued", "in time", "without", "ended", "cancelling"])
def test_other_jobs_are_not_flagged(world: World, state: str) -> None:
    job_id = world.queue()
    if state != "queued":
        mine = world.start(job_id)
        if state == "ended":
            world.succeed(mine)
        if state == "cancelling":
            world.cancel(job_id)
    if state != "without":
        world.alter(job_id, deadline_at=now(60.0 if state == "in time" else -1.0))
    before = world.snapshot()
    assert _flag(world) == 0
    assert world.snapshot() == before


def _end(world: World) -> list[str]:
    return world.database.write(end_overdue)


def test_a_deadline_counts_from_the_submission_by_the_databases_clock(world: World) -> None:
    row = world.row(world.queue(deadline_seconds=90.0))
    assert (row.deadline_at - row.created_at).total_seconds() == pytest.approx(90.0, abs=0.5)


def test_a_queued_job_past_its_deadline_fails_and_is_never_claimed(world: World) -> None:
    job_id = world.queue(deadline_seconds=60.0)
    world.beat(world.start(job_id), checkpoint=checkpoint(1))
    world.expire(job_id)
    world.alter(job_id, deadline_at=now(-1.0))
    assert world.claim(job_id) is None
    assert _end(world) == [job_id]
    row = world.row(job_id)
    assert (row.state, row.error_code) == ("failed", "deadline")
    assert "more time (deadline_s)" in row.error_text
    assert world.events(job_id)[-1] == ("failed", 1)
    assert world.snapshot()["checkpoints"] == []


@pytest.mark.parametrize("state", ["running", "in time", "without", "ended"])
def test_only_queued_jobs_past_their_deadline_end_so(world: World, state: str) -> None:
    job_id = world.queue()
    if state == "running":
        world.start(job_id)
    if state == "ended":
        world.cancel(job_id)
    if state != "without":
        world.alter(job_id, deadline_at=now(60.0 if state == "in time" else -1.0))
    before = world.snapshot()
    assert _end(world) == []
    assert world.snapshot() == before
