"""T3: one worker claims the job, with a new token."""

import pytest

from store.clock import now
from store.jobs.claim import Claim
from tests.store.world import World, race


def test_a_claimed_job_runs_under_the_first_token_with_a_lease(world: World) -> None:
    job_id = world.queue()
    assert world.claim(job_id, "w7") == Claim(job_id, 1)
    row = world.row(job_id)
    assert (row.state, row.token, row.worker) == ("running", 1, "w7")
    assert 29 < (row.lease_until - row.heartbeat_at).total_seconds() < 31
    assert world.events(job_id) == [("queued", 0), ("running", 1)]


@pytest.mark.parametrize("state", ["running", "succeeded", "cancelled", "not due", "unknown"])
def test_a_message_for_an_unavailable_job_changes_nothing(world: World, state: str) -> None:
    job_id = world.queue()
    if state in ("running", "succeeded"):
        mine = world.start(job_id)
        if state == "succeeded":
            world.succeed(mine)
    elif state == "cancelled":
        world.cancel(job_id)
    elif state == "not due":
        world.alter(job_id, run_after=now(60.0))
    else:
        job_id = "01900000-0000-7000-8000-000000000000"
    before = world.snapshot()
    assert world.claim(job_id, "w2") is None
    assert world.snapshot() == before


def test_a_claim_with_a_lost_commit_answer_is_found_and_not_made_twice(world: World) -> None:
    mine = world.start(worker="w1#a")
    before = world.snapshot()
    assert world.claim(mine.job_id, "w1#a") == mine
    assert world.claim(mine.job_id, "w1#b") is None
    assert world.snapshot() == before


def test_a_job_is_available_again_after_its_delay(world: World) -> None:
    job_id = world.queue()
    world.alter(job_id, run_after=now(-0.001))
    assert world.claim(job_id) is not None


def test_tokens_increase_from_attempt_to_attempt(world: World) -> None:
    job_id = world.queue()
    for token in (1, 2):
        assert world.start(job_id).token == token
        world.expire(job_id)
    assert world.start(job_id).token == 3
    assert [token for event, token in world.events(job_id) if event == "running"] == [1, 2, 3]


def test_the_first_start_is_remembered_through_later_attempts(world: World) -> None:
    job_id = world.queue()
    world.start(job_id)
    started_at = world.row(job_id).started_at
    world.expire(job_id)
    world.start(job_id)
    assert world.row(job_id).started_at == started_at


def test_a_claim_raced_by_sixteen_workers_has_one_winner(world: World) -> None:
    job_id = world.queue()
    claims = race(16, lambda number: world.claim(job_id, f"w{number}"))
    winners = [number for number, mine in enumerate(claims) if mine is not None]
    assert len(winners) == 1
    assert world.row(job_id).worker == f"w{winners[0]}"
    assert world.events(job_id) == [("queued", 0), ("running", 1)]
