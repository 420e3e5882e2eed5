"""T3: a message leads to the claim of the next job in fair order, or to nothing."""

import shutil
from pathlib import Path

import pytest

from store.clock import now
from store.database import open_database
from store.ids import new_id
from store.job_states import KINDS
from store.jobs.claim import Claim, claim_next
from store.jobs.fair_scheduling import models_by_fair_share, oldest_job
from tests.store.world import World, race


def ring(world: World, job_id: str, worker: str = "", kinds: tuple[str, ...] = KINDS) -> Claim | None:
    me = worker or new_id()
    return world.database.write(
        lambda connection: claim_next(connection, job_id, kinds=kinds, worker=me, lease_seconds=30.0)
    )


def ring_and_end(world: World, job_id: str) -> str:
    """Claim the next job, finish it, and return its id."""
    mine = ring(world, job_id)
    assert mine is not None
    world.succeed(mine, model=world.row(mine.job_id).model)
    return mine.job_id


def test_the_oldest_job_is_claimed_first_for_any_message(world: World) -> None:
    first, second = world.queue(), world.queue()
    assert ring(world, second) == Claim(first, 1)
    assert ring(world, first) == Claim(second, 1)
    assert ring(world, second) is None


@pytest.mark.parametrize("rung_for", ["", "nonsense", "x" * 100_000, "01890000-0000-7000-8000-000000000000"])
def test_a_forged_message_changes_nothing(world: World, rung_for: str) -> None:
    world.queue()
    before = world.snapshot()
    assert ring(world, rung_for) is None
    assert world.snapshot() == before


def test_a_late_message_claims_a_job_or_changes_nothing(world: World) -> None:
    ended = world.queue()
    world.cancel(ended)
    before = world.snapshot()
    assert ring(world, ended) is None
    assert world.snapshot() == before
    waiting = world.queue()
    assert ring(world, ended) == Claim(waiting, 1)


def test_a_message_claims_jobs_of_its_kind_only(world: World) -> None:
    training, scoring = world.queue(), world.queue(kind="scoring")
    assert ring(world, scoring) == Claim(scoring, 1)
    assert ring(world, scoring) is None
    assert world.row(training).state == "queued"


def test_a_worker_claims_no_kind_that_it_does_not_serve(world: World) -> None:
    job_id = world.queue(kind="replay")
    before = world.snapshot()
    assert ring(world, job_id, kinds=("training", "scoring")) is None
    assert world.snapshot() == before


def test_a_higher_priority_is_claimed_first(world: World) -> None:
    old, urgent, idle = world.queue(), world.queue(priority=3), world.queue(priority=-3)
    assert [ring_and_end(world, old) for _ in range(3)] == [urgent, old, idle]


def test_models_take_turns_with_any_number_of_jobs(world: World) -> None:
    many = [world.queue(model="a") for _ in range(5)]
    begun = ring_and_end(world, many[0])
    few = [world.queue(model="b") for _ in range(2)]
    assert begun == many[0]
    assert [ring_and_end(world, many[0]) for _ in range(5)] == [few[0], many[1], few[1], many[2], many[3]]


def test_a_model_with_fewer_running_jobs_is_served_first(world: World) -> None:
    other = world.start(world.queue(model="b"))  # served after a; b is next when it has ended
    running = world.start(world.queue(model="a"))
    world.alter(running.job_id, started_at=now(-60.0))
    waiting = world.queue(model="a"), world.queue(model="b")
    world.succeed(other, model="b")
    assert ring(world, waiting[0]) == Claim(waiting[1], 1)


@pytest.mark.parametrize("why", ["delayed", "cancelled", "overdue"])
def test_jobs_that_cannot_be_claimed_are_skipped(world: World, why: str) -> None:
    job_id = world.queue(priority=9)
    if why == "cancelled":
        world.cancel(job_id)
    else:
        world.alter(job_id, **{"run_after": now(60.0)} if why == "delayed" else {"deadline_at": now(-1.0)})
    other = world.queue()
    assert ring(world, job_id) == Claim(other, 1)


def test_a_claim_with_a_lost_commit_answer_is_found_and_not_repeated(world: World) -> None:
    world.queue()
    waiting = world.queue()
    mine = ring(world, waiting, "w1#a")
    before = world.snapshot()
    assert ring(world, waiting, "w1#a") == mine
    assert world.snapshot() == before


def test_concurrent_messages_claim_each_job_once(world: World) -> None:
    ids = [world.queue(model=model) for model in ("a", "a", "a", "b") for _ in range(3)]
    claims = race(12, lambda number: ring(world, ids[0], f"w{number}"))
    assert sorted(mine.job_id for mine in claims if isinstance(mine, Claim)) == sorted(ids)


def test_a_claim_reads_no_ended_job_except_the_last_of_its_model(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "planned.db"
    shutil.copyfile(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    asked = (models_by_fair_share("training"), oldest_job("training", 0, "churn"))
    texts = [str(one.compile(database.engine, compile_kwargs={"literal_binds": True})) for one in asked]
    with database.read() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}").all() for one in texts]
    database.close()
    reads = [
        step for plan in plans for *_, step in plan if step.startswith(("SCAN", "SEARCH")) and "COVERING" not in step
    ]
    assert reads, "nothing was planned"
    assert all("ix_jobs_state_run_after (state=?" in step for step in reads), reads
