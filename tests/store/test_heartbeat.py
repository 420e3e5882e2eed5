"""T4: a heartbeat with epochs and a checkpoint."""

import cProfile
import hashlib
import pstats

import pytest
from sqlalchemy import select

from store.clock import now
from store.errors import LeaseLostError
from store.jobs.checkpoints import get_checkpoint
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.read import list_epochs
from store.tables import epochs
from tests.store.world import World, checkpoint, epoch

CALLS_AN_EPOCH = {"sqlite": 5, "postgresql": 60}


def _epochs(world: World, job_id: str) -> list[tuple[int, float]]:
    with world.database.read() as connection:
        rows = list_epochs(connection, job_id, page_size=100).rows
    return [(row.epoch, row.train_loss) for row in rows]


def test_a_heartbeat_renews_the_lease_and_stores_progress(world: World) -> None:
    mine = world.start()
    world.alter(mine.job_id, lease_until=now(1.0))
    world.beat(mine)
    row = world.row(mine.job_id)
    assert (row.lease_until - row.heartbeat_at).total_seconds() == pytest.approx(30.0, abs=0.1)
    assert (row.progress_done, row.progress_total, row.progress_unit) == (1, 10, "epochs")


def test_a_late_heartbeat_before_the_sweeper_is_valid(world: World) -> None:
    mine = world.start()
    world.lapse(mine.job_id)
    world.beat(mine)
    assert world.row(mine.job_id).lease_until > world.row(mine.job_id).heartbeat_at


def test_a_heartbeat_returns_a_cancellation(world: World) -> None:
    mine = world.start()
    assert world.beat(mine) is False
    world.cancel(mine.job_id)
    assert world.beat(mine) is True


def test_epochs_are_kept_in_order(world: World) -> None:
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(0), epoch(1)])
    world.beat(mine, new_epochs=[epoch(2)])
    assert [number for number, _ in _epochs(world, mine.job_id)] == [0, 1, 2]


def test_a_restarted_attempt_replaces_the_earlier_epochs(world: World) -> None:
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(number, train_loss=9.0) for number in range(4)])
    world.beat(mine, new_epochs=[epoch(2, train_loss=1.0)])
    assert _epochs(world, mine.job_id) == [(0, 9.0), (1, 9.0), (2, 1.0)]


def test_only_the_last_checkpoint_is_kept(world: World) -> None:
    mine = world.start()
    for number in (0, 1):
        world.beat(mine, checkpoint=checkpoint(number, b"state %d" % number))
    with world.database.read() as connection:
        kept = get_checkpoint(connection, mine.job_id)
    assert kept is not None
    assert (kept.epoch, kept.state) == (1, b"state 1")
    assert kept.sha256 == hashlib.sha256(b"state 1").hexdigest()


def test_a_heartbeat_touches_no_other_job(world: World) -> None:
    mine, other = world.start(), world.start()
    world.beat(other, new_epochs=[epoch(0)], checkpoint=checkpoint(0))
    before = (world.row(other.job_id), _epochs(world, other.job_id))
    world.beat(mine, new_epochs=[epoch(0)], checkpoint=checkpoint(0))
    assert (world.row(other.job_id), _epochs(world, other.job_id)) == before


@pytest.mark.parametrize("state", ["queued", "ended"])
def test_a_heartbeat_for_a_job_that_does_not_run_is_refused(world: World, state: str) -> None:
    mine = world.start()
    if state == "ended":
        world.succeed(mine)
    else:
        world.expire(mine.job_id)
    world.refuses(
        lambda connection: heartbeat(connection, mine, lease_seconds=30.0, progress=JobProgress(2, 10)), LeaseLostError
    )


def _event_ids(world: World, job_id: str) -> list[int]:
    with world.database.read() as connection:
        rows = connection.execute(select(epochs).where(epochs.c.job_id == job_id).order_by(epochs.c.epoch)).all()
    return [row.event_id for row in rows]


def test_each_epoch_names_the_event_it_came_after(world: World) -> None:
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(1), epoch(2)])
    world.expire(mine.job_id)
    world.beat(world.start(mine.job_id, "w2"), new_epochs=[epoch(2), epoch(3)])
    ids = _event_ids(world, mine.job_id)
    assert ids[0] < ids[1] == ids[2]
    assert world.events(mine.job_id) == [("queued", 0), ("running", 1), ("queued", 1), ("running", 2)]


def test_a_retried_divergence_is_an_event(world: World) -> None:
    mine = world.start()
    for _ in range(2):  # the second call simulates a COMMIT with a lost answer
        world.beat(mine, new_epochs=[epoch(1), epoch(2)])
    assert world.events(mine.job_id)[-1] == ("running", 1)
    world.beat(mine, new_epochs=[epoch(1, retries=1)])
    assert world.events(mine.job_id)[-1] == ("restarted", 1)
    world.beat(mine, new_epochs=[epoch(2, retries=1)])
    assert world.events(mine.job_id)[-1] == ("restarted", 1)
    assert len(set(_event_ids(world, mine.job_id))) == 1


def test_figures_of_layers_are_stored(world: World) -> None:
    mine = world.start()
    layers = [{"name": "0.weights", "gradient_norm": 0.5, "update_ratio": None}]
    world.beat(mine, new_epochs=[epoch(1, layers=layers, dead_units=0.25, retries=1)])
    with world.database.read() as connection:
        (row,) = list_epochs(connection, mine.job_id, page_size=10).rows
    assert (row.layers, row.dead_units, row.retries) == (layers, 0.25, 1)


def test_storing_an_epoch_takes_little_work(world: World) -> None:
    mine = world.start()
    rows = [epoch(number) for number in range(1000)]
    world.beat(mine, new_epochs=[epoch(0)])  # compiles the statements
    with cProfile.Profile() as profile:
        world.beat(mine, new_epochs=rows)
    # Counts calls, which do not depend on the load of the machine: 3 on SQLite, 29 on PostgreSQL.
    assert pstats.Stats(profile).total_calls / len(rows) < CALLS_AN_EPOCH[world.database.engine.dialect.name]
