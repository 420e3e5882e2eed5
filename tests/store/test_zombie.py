"""A worker without its lease cannot write, in any state of the job."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from sqlalchemy import Connection

import store.jobs
from store.ids import new_id
from store.jobs.claim import Claim
from store.jobs.fence import is_held
from store.jobs.finish import end_cancelled, fail, succeed, succeed_training
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.requeue import requeue, strike
from store.jobs.restart import record_restart
from store.jobs.retry import retry
from store.registry.aliases import Promotion
from tests.store.world import World, checkpoint, epoch

Write = Callable[[World, Claim, Connection], object]


def _beat(connection: Connection, mine: Claim, **more: object) -> object:
    return heartbeat(connection, mine, lease_seconds=30.0, progress=JobProgress(9, 10), **more)


WRITES: dict[str, Write] = {
    "heartbeat": lambda world, mine, connection: _beat(connection, mine),
    "epochs": lambda world, mine, connection: _beat(connection, mine, new_epochs=[epoch(1)]),
    "standings": lambda world, mine, connection: _beat(connection, mine, new_standings=[{"configuration": 0}]),
    "checkpoint": lambda world, mine, connection: _beat(connection, mine, checkpoint=checkpoint(1, b"stale")),
    "succeed": lambda world, mine, connection: succeed_training(connection, mine, world.version()),
    "promote": lambda world, mine, connection: succeed_training(
        connection, mine, world.version(), Promotion("champion")
    ),
    "succeed with a result alone": lambda world, mine, connection: succeed(connection, mine, {"rows": 1}),
    "fail": lambda world, mine, connection: fail(connection, mine, code="diverged", text="stale"),
    "end_cancelled": lambda world, mine, connection: end_cancelled(connection, mine),
    "requeue": lambda world, mine, connection: requeue(connection, mine),
    "restart": lambda world, mine, connection: record_restart(connection, mine, reason="stale"),
    "strike": lambda world, mine, connection: strike(connection, mine, limit=3, code="stale", text="stale"),
    "last strike": lambda world, mine, connection: strike(connection, mine, limit=1, code="stale", text="stale"),
}


# Functions that take a claim and do not write: the condition, its check, and the UPDATE at the start of every write.
FENCE = {"held", "is_held", "write_fenced"}
NEED_A_CANCEL = {"end_cancelled"}


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


def _handed_back(world: World, job_id: str) -> None:
    other = _reclaimed(world, job_id)
    world.database.write(lambda connection: requeue(connection, other))


def _struck(world: World, job_id: str) -> None:
    other = _reclaimed(world, job_id)
    world.database.write(lambda connection: strike(connection, other, limit=9, code="worker_crashed", text="by w2"))


def _claimed_for_the_third_time(world: World, job_id: str) -> None:
    _handed_back(world, job_id)
    world.start(job_id, worker="w3")


def _succeeded(world: World, job_id: str) -> None:
    world.succeed(_reclaimed(world, job_id))


def _failed_by_its_next_owner(world: World, job_id: str) -> None:
    other = _reclaimed(world, job_id)
    world.database.write(lambda connection: fail(connection, other, code="diverged", text="by w2"))


def _failed_at_the_last_strike(world: World, job_id: str) -> None:
    other = _reclaimed(world, job_id)
    world.database.write(lambda connection: strike(connection, other, limit=1, code="worker_crashed", text="by w2"))


def _failed_by_the_sweeper(world: World, job_id: str) -> None:
    world.expire(job_id, strike_limit=1)


def _retried(world: World, job_id: str) -> Claim:
    """The new job runs; the old one stays ended."""
    _failed_by_the_sweeper(world, job_id)
    new = new_id()
    world.database.write(lambda connection: retry(connection, job_id, owner="a", new_job_id=new))
    return world.start(new, worker="w2")


def _retried_and_succeeded(world: World, job_id: str) -> None:
    world.succeed(_retried(world, job_id))


def _cancelled_by_its_next_owner(world: World, job_id: str) -> None:
    other = _reclaimed(world, job_id)
    world.cancel(job_id)
    world.database.write(lambda connection: end_cancelled(connection, other))


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
    _handed_back,
    _struck,
    _claimed_for_the_third_time,
    _succeeded,
    _failed_by_its_next_owner,
    _failed_at_the_last_strike,
    _failed_by_the_sweeper,
    _retried,
    _retried_and_succeeded,
    _cancelled_by_its_next_owner,
    _cancelled_by_the_sweeper,
    _cancelled_while_queued,
]


def _name(phase: Callable[[World, str], object]) -> str:
    return phase.__name__.strip("_")


@pytest.mark.parametrize("phase", PHASES, ids=_name)
def test_no_write_with_an_old_token_succeeds(world: World, phase: Callable[[World, str], object]) -> None:
    zombie = world.start()
    world.beat(zombie, new_epochs=[epoch(0), epoch(1)], checkpoint=checkpoint(1, b"last words"))
    phase(world, zombie.job_id)
    with world.database.read() as connection:
        assert not is_held(connection, zombie)
    for write in WRITES.values():
        world.refuses(lambda connection, write=write: write(world, zombie, connection))


@pytest.mark.parametrize("phase", PHASES, ids=_name)
def test_only_a_job_that_has_not_ended_has_a_checkpoint(world: World, phase: Callable[[World, str], object]) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(1))
    phase(world, mine.job_id)
    ended = world.row(mine.job_id).finished_at is not None
    assert len(world.snapshot()["checkpoints"]) == (0 if ended else 1)


@pytest.mark.parametrize("write", WRITES)
def test_the_writes_of_the_owner_succeed(world: World, write: str) -> None:
    mine = world.start()
    if write in NEED_A_CANCEL:
        world.cancel(mine.job_id)
    with world.database.read() as connection:
        assert is_held(connection, mine)
    before = world.snapshot()
    world.database.write(lambda connection: WRITES[write](world, mine, connection))
    assert world.snapshot() != before


def test_the_phases_cover_every_state_of_a_job(world: World) -> None:
    states = set()
    for phase in PHASES:
        mine = world.start()
        phase(world, mine.job_id)
        states.add(world.row(mine.job_id).state)
    assert states == {"queued", "running", "succeeded", "failed", "cancelled"}


def _writes_of_a_worker() -> set[str]:
    """Return the public functions of store/jobs that take a claim."""
    found = set()
    for module in pkgutil.iter_modules(store.jobs.__path__, "store.jobs."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            takes = Claim in [parameter.annotation for parameter in inspect.signature(function).parameters.values()]
            if takes and not name.startswith("_"):
                found.add(name)
    return found - FENCE


def test_every_write_of_a_worker_is_tested_here(world: World) -> None:
    """A line of WRITES calls every public function of store/jobs that takes a claim."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_back is not None and frame.f_back.f_globals is globals():
            called.add(frame.f_code.co_name)

    def run(connection: Connection, name: str, mine: Claim) -> None:
        sys.setprofile(note)
        try:
            WRITES[name](world, mine, connection)
        finally:
            sys.setprofile(None)

    for name in WRITES:
        mine = world.start()
        if name in NEED_A_CANCEL:
            world.cancel(mine.job_id)
        world.database.write(lambda connection, name=name, mine=mine: run(connection, name, mine))
    assert _writes_of_a_worker() <= called, "add the missing ones to WRITES"
