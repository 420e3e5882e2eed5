"""The progress writer stores epochs and checkpoints at little cost, and keeps them in memory through an outage."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from store.database import Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.epoch import Epoch
from store.jobs.heartbeat import JobProgress
from store.settings import Settings
from tests.store.world import World, checkpoint, epoch, make_world
from tests.worker.outages import disk_nearly_full, outage
from worker.heartbeats import Heartbeats
from worker.lease_keeper import LeaseKeeper
from worker.progress_writer import COST_SHARE, ProgressWriter
from worker.work import WorkUnit


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@contextmanager
def writing(
    world: World, settings: Settings, mine: Claim, activity: Callable[[], float] = time.monotonic
) -> Iterator[ProgressWriter]:
    heartbeats = Heartbeats(world.database, mine, settings.lease_seconds)
    with LeaseKeeper(world.database, heartbeats, settings.heartbeat_seconds, activity) as keeper:
        yield ProgressWriter(heartbeats, settings.heartbeat_seconds, keeper.renew_if_late)


def great_epoch(number: int) -> Epoch:
    """An epoch that does not fit into what is left of a page of the database's file."""
    return epoch(number, layers=[{"name": "weights" * 10_000}])


def stored(world: World) -> list[int]:
    return [row[1] for row in world.snapshot()["epochs"]]


def test_heartbeats_with_epochs_take_a_small_share_of_the_time(world: World, settings: Settings) -> None:
    commits: list[int] = []
    event.listen(world.database.engine, "commit", lambda _: commits.append(1))
    mine = world.start()
    beats, number, begun = [], 0, time.monotonic()
    with writing(world, replace(settings, heartbeat_seconds=60.0, lease_seconds=180.0), mine) as writer:
        while time.monotonic() - begun < 3.0:
            number, before, at = number + 1, len(commits), time.monotonic()
            assert not writer.add(WorkUnit(JobProgress(number, 10_000), epoch(number)), lambda: checkpoint(number))  # noqa: B023 - called at once
            if len(commits) > before:
                beats.append(time.monotonic() - at)
            time.sleep(0.001)
        writer.flush()
    total = time.monotonic() - begun
    assert beats
    assert sum(beats[:-1]) <= COST_SHARE * total * 1.1  # each beat is followed by a pause, the last by the end
    assert stored(world) == list(range(1, number + 1))
    assert world.row(mine.job_id).progress_done == number


def test_a_checkpoint_is_stored_every_heartbeat(world: World, settings: Settings) -> None:
    mine, number, made, begun = world.start(), 0, [], time.monotonic()

    def make() -> CheckpointRow:
        made.append(number)
        return checkpoint(number)

    with writing(world, replace(settings, heartbeat_seconds=0.3), mine) as writer:
        while len(made) < 3 and time.monotonic() - begun < 60:
            number += 1
            writer.add(WorkUnit(JobProgress(number, 10_000), epoch(number)), make)
            time.sleep(0.005)
    assert len(made) == 3
    assert time.monotonic() - begun >= 3 * 0.3
    [row] = world.snapshot()["checkpoints"]
    assert row[2] == made[-1]


def test_epochs_of_an_outage_are_stored_after_it(world: World, settings: Settings) -> None:
    mine = world.start()
    with writing(world, replace(settings, heartbeat_seconds=0.1), mine) as writer:
        writer.add(WorkUnit(JobProgress(1, 10), epoch(1)), lambda: checkpoint(1))
        with outage(world.database):
            for number in range(2, 6):
                time.sleep(0.1)
                assert not writer.add(WorkUnit(JobProgress(number, 10), epoch(number)), lambda: checkpoint(number))  # noqa: B023 - called at once
        writer.flush()
    assert stored(world) == [1, 2, 3, 4, 5]


def test_slow_timeouts_of_the_database_do_not_block_the_training(world: World, settings: Settings) -> None:
    """As one whose host is gone: nothing refuses, so that each try lasts until it is given up."""
    mine, tried = world.start(), []

    def nobody_answers(*_: object) -> None:
        tried.append(threading.get_ident())
        time.sleep(0.2)
        raise OperationalError("BEGIN", {}, Exception("nobody answers"))

    with writing(world, replace(settings, heartbeat_seconds=0.1), mine) as writer:
        event.listen(world.database.engine, "begin", nobody_answers)
        begun, number = time.monotonic(), 0
        while time.monotonic() - begun < 1.5:
            number += 1
            assert not writer.add(WorkUnit(JobProgress(number, 10_000), epoch(number)), lambda: None)
            time.sleep(0.001)
        event.remove(world.database.engine, "begin", nobody_answers)
        writer.flush()
    assert tried.count(threading.get_ident()) == 1, "the work itself tried once, and went on for ten times as long"
    assert stored(world) == list(range(1, number + 1))


def test_an_outage_delays_the_next_checkpoint_by_a_heartbeat_at_most(world: World, settings: Settings) -> None:
    mine, number, heartbeat = world.start(), 0, 2.0  # ten times as long as being refused may take

    def epoch_is_done(writer: ProgressWriter) -> None:
        nonlocal number
        number += 1
        writer.add(WorkUnit(JobProgress(number, 10_000), epoch(number)), lambda: checkpoint(number))

    with writing(world, replace(settings, heartbeat_seconds=heartbeat), mine) as writer:
        time.sleep(heartbeat)
        with outage(world.database):
            epoch_is_done(writer)
        back = time.monotonic()
        while not world.snapshot()["checkpoints"]:
            epoch_is_done(writer)
            time.sleep(0.01)
    assert time.monotonic() - back < 1.5 * heartbeat
    assert stored(world) == list(range(1, number + 1))


def test_a_disk_with_space_for_heartbeats_only_keeps_the_lease(world: World, settings: Settings) -> None:
    mine, number, begun = world.start(), 0, time.monotonic()
    before = world.row(mine.job_id).heartbeat_at
    with writing(world, settings, mine) as writer:
        with disk_nearly_full(world.database):
            while time.monotonic() - begun < 8 * settings.heartbeat_seconds:
                number += 1
                unit = WorkUnit(JobProgress(number, 10_000), great_epoch(number))
                assert not writer.add(unit, lambda: checkpoint(number))  # noqa: B023 - called at once
                time.sleep(0.02)
            row = world.row(mine.job_id)
            assert stored(world) == []
        writer.flush()
    assert (row.heartbeat_at - before).total_seconds() > 3 * settings.heartbeat_seconds
    assert row.progress_done > 0
    assert stored(world) == list(range(1, number + 1))


def test_the_last_epochs_wait_for_disk_space_and_keep_the_lease(world: World, settings: Settings) -> None:
    mine = world.start()
    before = world.row(mine.job_id).heartbeat_at
    with writing(world, settings, mine, lambda: 7.0) as writer, ThreadPoolExecutor(1) as waiting:
        writer.add(WorkUnit(JobProgress(1, 2), epoch(1)), lambda: checkpoint(1))
        with disk_nearly_full(world.database):
            writer.add(WorkUnit(JobProgress(2, 2), great_epoch(2)), lambda: checkpoint(2))
            drained = waiting.submit(writer.flush)
            time.sleep(8 * settings.heartbeat_seconds)
            beaten = world.row(mine.job_id).heartbeat_at - before
            assert not drained.done()
        assert not drained.result(timeout=60)
    assert beaten.total_seconds() > 3 * settings.heartbeat_seconds
    assert stored(world) == [1, 2]
