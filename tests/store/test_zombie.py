"""A worker that lost its lease may write nothing, whatever it tries and however far the job has come since."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from store.jobs.claim import Claim
from store.jobs.finish import end_cancelled, fail, succeed_training
from store.jobs.hand_back import hand_back, strike
from store.jobs.heartbeat import Progress, heartbeat
from store.registry.aliases import Promotion
from tests.store.world import World, checkpoint, epoch

Write = Callable[[World, Claim, Connection], object]


def _beat(connection: Connection, mine: Claim, **more: object) -> object:
    return heartbeat(connection, mine, lease_seconds=30.0, progress=Progress(9, 10), **more)


WRITES: dict[str, Write] = {
    "heartbeat": lambda world, mine, connection: _beat(connection, mine),
    "epochs": lambda world, mine, connection: _beat(connection, mine, new_epochs=[epoch(1)]),
    "checkpoint": lambda world, mine, connection: _beat(connection, mine, checkpoint=checkpoint(1, b"stale")),
    "succeed": lambda world, mine, connection: succeed_training(connection, mine, world.version()),
    "promote": lambda world, mine, connection: succeed_training(
        connection, mine, world.version(), Promotion("champion", by="zombie")
    ),
    "fail": lambda world, mine, connection: fail(connection, mine, code="diverged", text="stale"),
    "end_cancelled": lambda world, mine, connection: end_cancelled(connection, mine),
    "hand_back": lambda world, mine, connection: hand_back(connection, mine),
    "strike": lambda world, mine, connection: strike(connection, mine, limit=3, code="stale", text="stale"),
    "last strike": lambda world, mine, connection: strike(connection, mine, limit=1, code="stale", text="stale"),
}


def _queued(world: World, job_id: str) -> None:
    world.expire(job_id)


def _reclaimed(world: World, job_id: str) -> Claim:
    world.expire(job_id)
    other = world.start(job_id, worker="w2")
    world.beat(other, new_epochs=[epoch(0)], checkpoint=checkpoint(0))
    return other


def _reclaimed_and_asked_to_cancel(world: World, job_id: str) -> None:
    _reclaimed(world, job_id)
    world.cancel(job_id)


def _succeeded(world: World, job_id: str) -> None:
    world.succeed(_reclaimed(world, job_id))


def _failed_by_its_next_owner(world: World, job_id: str) -> None:
    other = _reclaimed(world, job_id)
    world.database.write(lambda connection: fail(connection, other, code="diverged", text="by w2"))


def _failed_by_the_sweeper(world: World, job_id: str) -> None:
    world.expire(job_id, strike_limit=1)


def _cancelled_by_the_sweeper(world: World, job_id: str) -> None:
    world.cancel(job_id)
    world.expire(job_id)


def _cancelled_while_queued(world: World, job_id: str) -> None:
    world.expire(job_id)
    world.cancel(job_id)


PHASES: list[Callable[[World, str], object]] = [
    _queued,
    _reclaimed,
    _reclaimed_and_asked_to_cancel,
    _succeeded,
    _failed_by_its_next_owner,
    _failed_by_the_sweeper,
    _cancelled_by_the_sweeper,
    _cancelled_while_queued,
]


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__.strip("_"))
def test_no_write_gets_through_the_fence(world: World, phase: Callable[[World, str], object]) -> None:
    zombie = world.start()
    world.beat(zombie, new_epochs=[epoch(0), epoch(1)], checkpoint=checkpoint(1, b"last words"))
    phase(world, zombie.job_id)
    for write in WRITES.values():
        world.refuses(lambda connection, write=write: write(world, zombie, connection))  # type: ignore[misc]


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__.strip("_"))
def test_only_a_job_that_has_not_ended_has_a_checkpoint(world: World, phase: Callable[[World, str], object]) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(1))
    phase(world, mine.job_id)
    ended = world.row(mine.job_id).finished_at is not None
    assert len(world.snapshot()["checkpoints"]) == (0 if ended else 1)


@pytest.mark.parametrize("write", WRITES)
def test_the_owner_itself_gets_through(world: World, write: str) -> None:
    mine = world.start()
    if write == "end_cancelled":
        world.cancel(mine.job_id)
    before = world.snapshot()
    world.database.write(lambda connection: WRITES[write](world, mine, connection))
    assert world.snapshot() != before
