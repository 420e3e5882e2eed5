"""The lease keeper renews the lease during work at little cost, and stops the work when the lease is lost."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from store.database import Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.finish import succeed_training
from store.jobs.heartbeat import EpochRow, JobProgress
from store.settings import Settings
from tests.store.world import World, checkpoint, epoch, make_world
from tests.worker.outages import disk_nearly_full, outage
from tests.worker.trainings import SHORT, SLOW, Trainings
from worker.lease_keeper import COST_SHARE, LEASE_LOST, LeaseKeeper
from worker.outages import write_through_outages
from worker.work import WorkUnit


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def beating(
    world: World, settings: Settings, mine: Claim, activity: Callable[[], float] = time.monotonic
) -> LeaseKeeper:
    return LeaseKeeper(settings, world.database, mine, activity)


def great_epoch(number: int) -> EpochRow:
    """An epoch that does not fit into the rest of a page of the database file."""
    return epoch(number, layers=[{"name": "weights" * 10_000}])


def stored(world: World) -> list[int]:
    return [row[1] for row in world.snapshot()["epochs"]]


def test_beats_that_bring_epochs_take_a_small_share_of_the_time(world: World, settings: Settings) -> None:
    commits: list[int] = []
    event.listen(world.database.engine, "commit", lambda _: commits.append(1))
    mine = world.start()
    beats, number, begun = [], 0, time.monotonic()
    with beating(world, replace(settings, heartbeat_seconds=60.0, lease_seconds=180.0), mine) as keeper:
        while time.monotonic() - begun < 3.0:
            number, before, at = number + 1, len(commits), time.monotonic()
            assert not keeper.unit(WorkUnit(JobProgress(number, 10_000), epoch(number)), lambda: checkpoint(number))  # noqa: B023 - called at once
            if len(commits) > before:
                beats.append(time.monotonic() - at)
            time.sleep(0.001)
        keeper.drain()
    total = time.monotonic() - begun
    assert beats
    assert sum(beats[:-1]) <= COST_SHARE * total * 1.1  # a pause follows each heartbeat, and the end follows the last
    assert stored(world) == list(range(1, number + 1))
    assert world.row(mine.job_id).progress_done == number


def test_a_checkpoint_is_stored_every_heartbeat(world: World, settings: Settings) -> None:
    mine, number, made, begun = world.start(), 0, [], time.monotonic()

    def make() -> CheckpointRow:
        made.append(number)
        return checkpoint(number)

    with beating(world, replace(settings, heartbeat_seconds=0.3), mine) as keeper:
        while len(made) < 3 and time.monotonic() - begun < 60:
            number += 1
            keeper.unit(WorkUnit(JobProgress(number, 10_000), epoch(number)), make)
            time.sleep(0.005)
    assert len(made) == 3
    assert time.monotonic() - begun >= 3 * 0.3
    [row] = world.snapshot()["checkpoints"]
    assert row[2] == made[-1]


def test_between_epochs_it_beats_while_work_is_done(world: World, settings: Settings) -> None:
    mine = world.start()
    before = world.row(mine.job_id).heartbeat_at
    with beating(world, settings, mine):
        time.sleep(4 * settings.heartbeat_seconds)
    assert (world.row(mine.job_id).heartbeat_at - before).total_seconds() > settings.heartbeat_seconds


def test_between_epochs_it_does_not_beat_for_a_work_that_hangs(world: World, settings: Settings) -> None:
    mine = world.start()
    before = world.row(mine.job_id)
    with beating(world, settings, mine, lambda: 7.0):
        time.sleep(4 * settings.heartbeat_seconds)
    assert world.row(mine.job_id) == before


def test_epochs_of_an_outage_are_stored_after_it(world: World, settings: Settings) -> None:
    mine = world.start()
    with beating(world, replace(settings, heartbeat_seconds=0.1), mine) as keeper:
        keeper.unit(WorkUnit(JobProgress(1, 10), epoch(1)), lambda: checkpoint(1))
        with outage(world.database):
            for number in range(2, 6):
                time.sleep(0.1)
                assert not keeper.unit(WorkUnit(JobProgress(number, 10), epoch(number)), lambda: checkpoint(number))  # noqa: B023 - called at once
        keeper.drain()
    assert stored(world) == [1, 2, 3, 4, 5]


def test_a_database_that_takes_its_time_to_be_away_is_not_waited_for_all_the_time(
    world: World, settings: Settings
) -> None:
    """Like an unreachable host: nothing refuses, and each try lasts until its timeout."""
    mine, tried = world.start(), []

    def nobody_answers(*_: object) -> None:
        tried.append(threading.get_ident())
        time.sleep(0.2)
        raise OperationalError("BEGIN", {}, Exception("nobody answers"))

    with beating(world, replace(settings, heartbeat_seconds=0.1), mine) as keeper:
        event.listen(world.database.engine, "begin", nobody_answers)
        begun, number = time.monotonic(), 0
        while time.monotonic() - begun < 1.5:
            number += 1
            assert not keeper.unit(WorkUnit(JobProgress(number, 10_000), epoch(number)), lambda: None)
            time.sleep(0.001)
        event.remove(world.database.engine, "begin", nobody_answers)
        keeper.drain()
    assert tried.count(threading.get_ident()) == 1, "the work itself tried once, and went on for ten times as long"
    assert stored(world) == list(range(1, number + 1))


def test_an_outage_delays_the_next_checkpoint_by_a_heartbeat_at_most(world: World, settings: Settings) -> None:
    mine, number, heartbeat = world.start(), 0, 2.0  # ten times the time of a refused connection

    def epoch_is_done(keeper: LeaseKeeper) -> None:
        nonlocal number
        number += 1
        keeper.unit(WorkUnit(JobProgress(number, 10_000), epoch(number)), lambda: checkpoint(number))

    with beating(world, replace(settings, heartbeat_seconds=heartbeat), mine) as keeper:
        time.sleep(heartbeat)
        with outage(world.database):
            epoch_is_done(keeper)
        back = time.monotonic()
        while not world.snapshot()["checkpoints"]:
            epoch_is_done(keeper)
            time.sleep(0.01)
    assert time.monotonic() - back < 1.5 * heartbeat
    assert stored(world) == list(range(1, number + 1))


def test_a_disk_with_room_for_signs_of_life_alone_costs_no_lease(world: World, settings: Settings) -> None:
    mine, number, begun = world.start(), 0, time.monotonic()
    before = world.row(mine.job_id).heartbeat_at
    with beating(world, settings, mine) as keeper:
        with disk_nearly_full(world.database):
            while time.monotonic() - begun < 8 * settings.heartbeat_seconds:
                number += 1
                unit = WorkUnit(JobProgress(number, 10_000), great_epoch(number))
                assert not keeper.unit(unit, lambda: checkpoint(number))  # noqa: B023 - called at once
                time.sleep(0.02)
            row = world.row(mine.job_id)
            assert stored(world) == []
        keeper.drain()
    assert (row.heartbeat_at - before).total_seconds() > 3 * settings.heartbeat_seconds
    assert row.progress_done > 0
    assert stored(world) == list(range(1, number + 1))


def test_the_last_epochs_wait_for_room_without_costing_the_lease(world: World, settings: Settings) -> None:
    mine = world.start()
    before = world.row(mine.job_id).heartbeat_at
    with beating(world, settings, mine, lambda: 7.0) as keeper, ThreadPoolExecutor(1) as waiting:
        keeper.unit(WorkUnit(JobProgress(1, 2), epoch(1)), lambda: checkpoint(1))
        with disk_nearly_full(world.database):
            keeper.unit(WorkUnit(JobProgress(2, 2), great_epoch(2)), lambda: checkpoint(2))
            drained = waiting.submit(keeper.drain)
            time.sleep(8 * settings.heartbeat_seconds)
            beaten = world.row(mine.job_id).heartbeat_at - before
            assert not drained.done()
        assert not drained.result(timeout=60)
    assert beaten.total_seconds() > 3 * settings.heartbeat_seconds
    assert stored(world) == [1, 2]


def test_a_result_waits_for_room_without_costing_the_lease(world: World, settings: Settings) -> None:
    mine, version = world.start(), world.version(estimator=b"great" * 10_000)
    before = world.row(mine.job_id).heartbeat_at
    keeper = beating(world, settings, mine)
    with ThreadPoolExecutor(1) as waiting:
        with disk_nearly_full(world.database):
            ended = waiting.submit(
                write_through_outages, world.database, lambda c: succeed_training(c, mine, version), keeper.sign
            )
            time.sleep(4.0)
            row = world.row(mine.job_id)
            assert not ended.done()
        assert ended.result(timeout=60) == 1
    assert row.state == "running"
    assert (row.heartbeat_at - before).total_seconds() > 1.0


def test_while_an_attempt_is_prepared_the_progress_of_the_one_before_stays(world: World, settings: Settings) -> None:
    mine = world.start()
    world.alter(mine.job_id, progress_done=40, progress_total=100)
    before = world.row(mine.job_id).heartbeat_at
    with beating(world, settings, mine):
        time.sleep(4 * settings.heartbeat_seconds)
    row = world.row(mine.job_id)
    assert row.heartbeat_at > before
    assert (row.progress_done, row.progress_total) == (40, 100)


def test_a_process_whose_lease_is_lost_stops_at_its_next_epochs(trainings: Trainings) -> None:
    _stops_at_once(trainings, {**SHORT, "epochs": 1_000_000, "early_stopping": None})


def test_a_process_whose_lease_is_lost_stops_in_the_middle_of_an_epoch(trainings: Trainings) -> None:
    _stops_at_once(trainings, SLOW)


HANGING = """
import os, sys, time
from store.database import open_database
from store.jobs.claim import Claim
from store.settings import read_settings
from worker.lease_keeper import LeaseKeeper
settings = read_settings()
claim = Claim(sys.argv[1], int(sys.argv[2]))
with LeaseKeeper(settings, open_database(settings.database_url), claim, lambda: 7.0):
    print("hanging", flush=True)
    time.sleep(3600)
"""


def test_a_process_that_hangs_ends_once_its_lease_is_lost_and_not_before(world: World, settings: Settings) -> None:
    mine = world.start()
    environ = {**os.environ, **settings.environ()}
    command = [sys.executable, "-c", HANGING, mine.job_id, str(mine.token)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(4 * settings.heartbeat_seconds)
            world.expire(mine.job_id)
            before = world.snapshot()
            assert process.wait(timeout=60) == LEASE_LOST
        finally:
            process.kill()
    assert world.snapshot() == before


def _stops_at_once(trainings: Trainings, spec: dict[str, object]) -> None:
    world = trainings.world
    mine = world.start(trainings.queue(spec))
    world.expire(mine.job_id)
    before = world.snapshot()
    with trainings.child(mine) as process:
        assert process.wait(timeout=60) == LEASE_LOST
        assert process.stderr is not None
        assert "stopping at once" in process.stderr.read()
    assert world.snapshot() == before
