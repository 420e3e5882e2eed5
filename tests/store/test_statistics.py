"""Statistics of jobs, computed from permanent rows."""

import time

import pytest

from store.clock import now
from store.jobs.finish import fail
from store.jobs.requeue import strike
from store.jobs.statistics import DURATIONS, WAITS, JobStatistics, StatisticsCache
from tests.store.world import World, checkpoint


def figures(world: World) -> JobStatistics:
    with world.database.read() as connection:
        return StatisticsCache().read(connection)


def test_statistics_without_jobs_are_empty(world: World) -> None:
    assert figures(world) == JobStatistics()


def test_waiting_jobs_are_counted_by_kind_with_the_oldest_age(world: World) -> None:
    for _ in range(2):
        world.queue()
    world.alter(world.queue(kind="scoring"), run_after=now(-90.0))
    told = figures(world).queued
    assert {kind: queue.jobs for kind, queue in told.items()} == {"training": 2, "scoring": 1}
    assert told["training"].oldest < 30
    assert told["scoring"].oldest == pytest.approx(90, abs=30)


def test_a_job_that_lost_its_worker_waits_since_its_last_heartbeat_and_one_that_rests_not_yet(world: World) -> None:
    mine = world.start()
    world.alter(mine.job_id, run_after=now(-5000.0), heartbeat_at=now(-40.0))
    world.expire(mine.job_id)
    assert figures(world).queued["training"].oldest == pytest.approx(40, abs=20)
    world.alter(mine.job_id, run_after=now(500.0))
    assert figures(world).queued["training"].oldest == 0


def test_running_jobs_are_counted_with_the_oldest_heartbeat(world: World) -> None:
    world.start()
    world.alter(world.start().job_id, heartbeat_at=now(-20.0))
    told = figures(world).running["training"]
    assert told.jobs == 2
    assert told.oldest == pytest.approx(20, abs=15)


def test_outcomes_durations_and_waits_are_counted_once_the_job_ended(world: World) -> None:
    ended = {}
    for seconds in (0.5, 10.0, 90000.0):
        ended[seconds] = world.start()
        world.succeed(ended[seconds])
        times = {"created_at": now(-seconds - 20), "started_at": now(-seconds), "finished_at": now()}
        world.alter(ended[seconds].job_id, **times)
    mine = world.start()
    world.database.write(lambda connection: fail(connection, mine, code="diverged", text="lower it"))
    world.cancel(world.queue(kind="scoring"))
    told = figures(world)
    assert told.finished == {
        ("training", "succeeded", ""): 3,
        ("training", "failed", "diverged"): 1,
        ("scoring", "cancelled", "cancelled"): 1,
    }
    took = told.durations["training", "succeeded"]
    assert dict(zip(DURATIONS, took.at_most, strict=True)) == {
        **dict.fromkeys(DURATIONS, 2), 1.0: 1, 5.0: 1,
    }  # fmt: skip
    assert (took.count, took.microseconds / 1e6) == (3, pytest.approx(90010.5, abs=0.1))
    assert told.durations["scoring", "cancelled"].count == 0, "it never started"
    waited = told.waits["training"]
    assert waited.count == 4
    assert dict(zip(WAITS, waited.at_most, strict=True))[15.0] == 1
    assert waited.at_most[-1] == 4


def test_strikes_and_lost_leases_are_counted_and_stay_counted(world: World) -> None:
    mine = world.start()
    world.expire(mine.job_id)
    mine = world.start(mine.job_id)
    world.database.write(lambda connection: strike(connection, mine, limit=3, code="worker_crashed", text="it died"))
    world.alter(mine.job_id, run_after=now())
    told = figures(world)
    assert (told.strikes["training"], told.lease_losses) == (2, {"training": 1})
    world.succeed(world.start(mine.job_id))
    told = figures(world)
    assert (told.strikes["training"], told.lease_losses) == (2, {"training": 1})


def test_a_cancelled_job_whose_lease_ran_out_lost_it_without_a_strike(world: World) -> None:
    mine = world.start()
    world.cancel(mine.job_id)
    world.expire(mine.job_id)
    told = figures(world)
    assert (told.strikes["training"], told.lease_losses) == (0, {"training": 1})


def test_checkpoints_are_counted_with_their_bytes(world: World) -> None:
    for state in (b"12345", b"123"):
        world.beat(world.start(), checkpoint=checkpoint(1, state))
    told = figures(world)
    assert (told.checkpoints, told.checkpoint_bytes) == (2, 8)


def test_counting_again_counts_nothing_twice_and_misses_nothing(world: World) -> None:
    cache = StatisticsCache(settled_seconds=0.2, stale_seconds=0.0)
    for done in range(1, 5):
        mine = world.start()
        world.expire(mine.job_id)
        world.succeed(world.start(mine.job_id))
        for pause in (0.0, 0.3):
            time.sleep(pause)
            with world.database.read() as connection:
                counted = cache.read(connection)
            assert counted == figures(world)
            assert counted.finished["training", "succeeded", ""] == done
            assert (counted.lease_losses["training"], counted.strikes["training"]) == (done, done)
