"""The lease keeper renews the lease while work is done, and ends the process at once when the lease is lost."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from store.database import Database
from store.jobs.claim import Claim
from store.jobs.finish import succeed_training
from store.settings import Settings
from tests.store.world import World, make_world
from tests.worker.outages import disk_nearly_full
from tests.worker.trainings import SHORT, SLOW, Trainings
from worker.heartbeats import Heartbeats
from worker.lease_keeper import LEASE_LOST, LeaseKeeper
from worker.outages import write_through_outages


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def keeping(
    world: World, settings: Settings, mine: Claim, activity: Callable[[], float] = time.monotonic
) -> LeaseKeeper:
    heartbeats = Heartbeats(world.database, mine, settings.lease_seconds)
    return LeaseKeeper(world.database, heartbeats, settings.heartbeat_seconds, activity)


def test_heartbeats_continue_during_an_epoch_that_progresses(world: World, settings: Settings) -> None:
    mine = world.start()
    before = world.row(mine.job_id).heartbeat_at
    with keeping(world, settings, mine):
        time.sleep(4 * settings.heartbeat_seconds)
    assert (world.row(mine.job_id).heartbeat_at - before).total_seconds() > settings.heartbeat_seconds


def test_heartbeats_stop_during_an_epoch_that_hangs(world: World, settings: Settings) -> None:
    mine = world.start()
    before = world.row(mine.job_id)
    with keeping(world, settings, mine, lambda: 7.0):
        time.sleep(4 * settings.heartbeat_seconds)
    assert world.row(mine.job_id) == before


def test_a_result_waits_for_disk_space_and_keeps_the_lease(world: World, settings: Settings) -> None:
    mine, version = world.start(), world.version(estimator=b"great" * 10_000)
    before = world.row(mine.job_id).heartbeat_at
    keeper = keeping(world, settings, mine)
    with ThreadPoolExecutor(1) as waiting:
        with disk_nearly_full(world.database):
            ended = waiting.submit(
                write_through_outages, world.database, lambda c: succeed_training(c, mine, version), keeper.try_to_renew
            )
            time.sleep(4.0)
            row = world.row(mine.job_id)
            assert not ended.done()
        assert ended.result(timeout=60) == 1
    assert row.state == "running"
    assert (row.heartbeat_at - before).total_seconds() > 1.0


def test_the_earlier_progress_stays_while_an_attempt_is_prepared(world: World, settings: Settings) -> None:
    mine = world.start()
    world.alter(mine.job_id, progress_done=40, progress_total=100)
    before = world.row(mine.job_id).heartbeat_at
    with keeping(world, settings, mine):
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
from worker.heartbeats import Heartbeats
from worker.lease_keeper import LeaseKeeper
settings = read_settings()
database = open_database(settings.database_url)
heartbeats = Heartbeats(database, Claim(sys.argv[1], int(sys.argv[2])), settings.lease_seconds)
with LeaseKeeper(database, heartbeats, settings.heartbeat_seconds, lambda: 7.0):
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
