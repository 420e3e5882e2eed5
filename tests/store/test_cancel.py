"""T10 and T11: a user cancels a job."""

from contextlib import suppress

import pytest

from store.errors import AlreadyFinishedError, LeaseLostError, NotFoundError
from store.jobs.cancel import cancel
from store.jobs.finish import end_cancelled, fail
from store.jobs.requeue import requeue
from tests.store.world import World, race


def test_a_queued_job_is_cancelled_at_once(world: World) -> None:
    job_id = world.queue()
    world.cancel(job_id)
    row = world.row(job_id)
    assert (row.state, row.error_code, row.cancel_requested) == ("cancelled", "cancelled", True)
    assert row.finished_at is not None
    assert world.events(job_id) == [("queued", 0), ("cancelled", 0)]
    assert world.claim(job_id) is None


def test_a_running_job_gets_a_cancel_request(world: World) -> None:
    mine = world.start()
    world.cancel(mine.job_id)
    row = world.row(mine.job_id)
    assert (row.state, row.cancel_requested, row.finished_at) == ("running", True, None)
    assert world.events(mine.job_id)[-1] == ("cancel_requested", 1)


def _end(world: World, state: str) -> str:
    mine = world.start()
    if state == "succeeded":
        world.succeed(mine)
    elif state == "failed":
        world.database.write(lambda connection: fail(connection, mine, code="c", text="t"))
    else:
        world.cancel(mine.job_id)
        world.database.write(lambda connection: end_cancelled(connection, mine))
    return mine.job_id


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_cannot_be_cancelled(world: World, state: str) -> None:
    job_id = _end(world, state)
    world.refuses(lambda connection: cancel(connection, job_id, by="somebody"), AlreadyFinishedError)


def test_a_job_that_does_not_exist_cannot_be_cancelled(world: World) -> None:
    world.refuses(lambda connection: cancel(connection, "none", by="somebody"), NotFoundError)


@pytest.mark.parametrize("running", [False, True])
def test_a_cancel_with_a_lost_commit_answer_is_found_and_not_refused(world: World, running: bool) -> None:
    job_id = world.queue()
    if running:
        world.start(job_id)
    world.database.write(lambda connection: cancel(connection, job_id, by="somebody", request="r1"))
    before = world.snapshot()
    world.database.write(lambda connection: cancel(connection, job_id, by="somebody", request="r1"))
    assert world.snapshot() == before
    if not running:
        world.refuses(lambda connection: cancel(connection, job_id, by="somebody", request="r2"), AlreadyFinishedError)


@pytest.mark.parametrize("round_", range(4))
def test_a_cancel_racing_with_success_is_accepted_or_the_job_succeeds_but_never_both(world: World, round_: int) -> None:
    mine = world.start()

    def run(number: int) -> str:
        if number == round_ % 2:
            world.succeed(mine)
            return "succeeded"
        world.cancel(mine.job_id)
        return "cancel accepted"

    results = race(2, run)
    row = world.row(mine.job_id)
    if row.state == "succeeded":
        assert {str(type(result).__name__) for result in results} == {"str", AlreadyFinishedError.__name__}
        assert "succeeded" in results
    else:
        assert {str(type(result).__name__) for result in results} == {"str", LeaseLostError.__name__}
        assert (row.state, row.cancel_requested) == ("running", True)


def test_a_cancel_racing_with_requeue_is_never_lost(world: World) -> None:
    for _ in range(5):
        mine = world.start()

        def run(number: int, mine=mine) -> None:
            if number == 0:
                world.database.write(lambda connection: requeue(connection, mine))
            else:
                world.cancel(mine.job_id)

        race(2, run)
        with suppress(LeaseLostError):
            world.database.write(lambda connection, mine=mine: end_cancelled(connection, mine))
        assert world.row(mine.job_id).state == "cancelled"


def test_a_cancel_racing_with_a_claim_either_ends_the_job_or_reaches_its_owner(world: World) -> None:
    for _ in range(5):
        job_id = world.queue()
        race(2, lambda number, job_id=job_id: world.claim(job_id) if number else world.cancel(job_id))
        row = world.row(job_id)
        assert row.cancel_requested
        assert row.state in ("cancelled", "running")
