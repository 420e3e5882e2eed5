"""The sweeper: expired leases, unpublished jobs and old files. It spares owners during outages."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from store.artifacts import ArtifactStore
from store.clock import now
from store.database import Database
from store.doorbell import CeleryDoorbell, Doorbell
from store.errors import BrokerError, DatabaseError
from store.retention import DAY_SECONDS
from store.settings import Settings
from store.tables import artifacts
from store.workers import count_alive, most_job_bytes
from tests.store.world import World, make_world
from tests.worker.clocks import clock_that_jumps
from tests.worker.outages import outage
from tests.worker.trainings import wait_for
from worker.sweeper import Sweeper

LEASE = 1.2


class RecordingDoorbell:
    """Records the published jobs."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.held = 0

    def ring(self, job_id: str, kind: str) -> None:
        self.rung.append(job_id)

    def waiting(self, kind: str) -> int:
        return self.held


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, lease_seconds=LEASE, heartbeat_seconds=LEASE / 4)


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@pytest.fixture
def bell() -> RecordingDoorbell:
    return RecordingDoorbell()


def make(settings: Settings, world: World, bell: Doorbell) -> Sweeper:
    return Sweeper(settings, world.database, bell, "host:1")


@contextmanager
def sweeping(sweeper: Sweeper) -> Iterator[None]:
    sweeper.start()
    try:
        yield
    finally:
        sweeper.stop()


def after_its_first_lease(sweeper: Sweeper) -> Sweeper:
    """Sweep until the grace period after a start or a delay is over."""
    sweeper.sweep()
    calm_since = time.monotonic()
    while (begun := time.monotonic()) - calm_since <= LEASE:
        time.sleep(LEASE / 10)
        sweeper.sweep()
        if time.monotonic() - begun > LEASE / 3:
            calm_since = time.monotonic()
    return sweeper


def test_files_without_a_row_are_removed_after_a_day(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    kept, then = ArtifactStore(settings.artifacts), time.time() - 25 * 3600
    orphan = kept.put([b"a result whose job was cancelled"])
    os.utime(orphan.path, (then, then))
    make(settings, world, bell).sweep()
    assert not orphan.path.exists()


@pytest.mark.parametrize(("days", "stays"), [(0.0, True), (1.0, False)])
def test_expired_files_are_removed_if_retention_is_set(
    settings: Settings, world: World, bell: RecordingDoorbell, days: float, stays: bool
) -> None:
    file = ArtifactStore(settings.artifacts).put([b"table"])  # the dataset of the world
    ArtifactStore(settings.artifacts).mark_recorded(file.sha256)
    old = artifacts.update().values(used_at=now(-2 * DAY_SECONDS))
    world.database.write(lambda connection: connection.execute(old))
    make(replace(settings, dataset_days=days), world, bell).sweep()
    assert file.path.exists() == stays


def test_a_worker_records_the_memory_of_its_jobs(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    make(replace(settings, training_bytes=2**30), world, bell).sweep()
    with world.database.read() as connection:
        assert most_job_bytes(connection, "training", within_seconds=5) == 2**30


def test_an_unpublished_job_is_published_once(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    job_id = world.queue()
    sweeper = make(settings, world, bell)
    sweeper.sweep()
    sweeper.sweep()
    assert bell.rung == [job_id]


def test_jobs_unpublished_by_a_dead_broker_are_published_by_the_next_sweep(
    settings: Settings, world: World, bell: RecordingDoorbell, tmp_path: Path
) -> None:
    waiting = [world.queue(), world.queue()]
    with pytest.raises(BrokerError):
        make(settings, world, CeleryDoorbell(f"redis+socket://{tmp_path}/none.sock")).sweep()
    make(settings, world, bell).sweep()
    assert sorted(bell.rung) == sorted(waiting)


def test_messages_do_not_pile_up_while_every_worker_is_busy(
    settings: Settings, world: World, bell: RecordingDoorbell
) -> None:
    ids, sweeper = [world.queue() for _ in range(5)], make(settings, world, bell)

    def sweep_late() -> list[str]:
        for job_id in ids:
            world.alter(job_id, published_at=now(-settings.republish_seconds - 1))
        bell.rung.clear()
        sweeper.sweep()
        return bell.rung

    bell.held = 5
    assert sweep_late() == []
    bell.held = 3
    assert len(sweep_late()) == 2
    bell.held = 0
    assert sorted(sweep_late()) == ids


def test_messages_of_ended_jobs_delay_no_new_job(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    bell.held = 5
    job_id = world.queue()
    make(settings, world, bell).sweep()
    assert bell.rung == [job_id]


def test_a_job_that_is_not_due_is_left_to_the_next_sweep(
    settings: Settings, world: World, bell: RecordingDoorbell
) -> None:
    job_id, sweeper = world.queue(), make(settings, world, bell)
    world.alter(job_id, published_at=now(-settings.republish_seconds - 1))
    bell.held = 1
    sweeper.sweep()
    assert bell.rung == []
    bell.held = 0
    sweeper.sweep()
    assert bell.rung == [job_id]


def test_after_a_broker_crash_only_unpublished_jobs_are_published_again(
    settings: Settings, world: World, bell: RecordingDoorbell
) -> None:
    class DyingDoorbell(RecordingDoorbell):
        def ring(self, job_id: str, kind: str) -> None:
            if self.rung:
                raise BrokerError("gone")
            super().ring(job_id, kind)

    waiting, dying = [world.queue() for _ in range(3)], DyingDoorbell()
    with pytest.raises(BrokerError):
        make(settings, world, dying).sweep()
    make(settings, world, bell).sweep()
    assert len(dying.rung) == 1
    assert sorted(dying.rung + bell.rung) == sorted(waiting)


def test_a_sweeping_worker_is_registered(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    def alive() -> int:
        with world.database.read() as connection:
            return count_alive(connection, within_seconds=LEASE)

    with sweeping(make(settings, world, bell)):
        wait_for(alive, "the sign-in")
    assert alive() == 0


def test_leases_are_left_alone_for_one_lease_after_the_start(
    settings: Settings, world: World, bell: RecordingDoorbell
) -> None:
    mine = world.start()
    world.lapse(mine.job_id)
    sweeper = make(settings, world, bell)
    sweeper.sweep()
    assert world.row(mine.job_id).state == "running"
    after_its_first_lease(sweeper)
    row = world.row(mine.job_id)
    assert (row.state, row.strikes) == ("queued", 1)
    sweeper.sweep()
    assert mine.job_id in bell.rung


def test_an_owner_that_returns_after_an_outage_gets_no_strike(
    settings: Settings, world: World, bell: RecordingDoorbell
) -> None:
    healthy, dead = world.start(), world.start()
    sweeper = after_its_first_lease(make(settings, world, bell))
    for mine in (healthy, dead):
        world.alter(mine.job_id, lease_until=now(LEASE / 2))
    with outage(world.database):
        time.sleep(LEASE)
        with pytest.raises(DatabaseError):
            sweeper.sweep()
    sweeper.sweep()
    assert [world.row(mine.job_id).state for mine in (healthy, dead)] == ["running", "running"]
    world.beat(healthy)
    after_its_first_lease(sweeper)
    assert [world.row(mine.job_id).strikes for mine in (healthy, dead)] == [0, 1]


def test_the_sweeper_thread_survives_an_outage(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    with sweeping(make(settings, world, bell)):
        wait_for(lambda: len(world.snapshot()["workers"]), "the sign-in")
        mine = world.start()
        with outage(world.database):
            time.sleep(LEASE * 1.5)
        world.beat(mine)
        job_id = world.queue()
        wait_for(lambda: job_id in bell.rung, "the ringing after the outage")
        assert world.row(mine.job_id).strikes == 0


def test_a_sweeper_survives_an_unexpected_error(settings: Settings, world: World) -> None:
    class FaultyDoorbell(RecordingDoorbell):
        def ring(self, job_id: str, kind: str) -> None:
            super().ring(job_id, kind)
            raise RuntimeError("a client library's own")

    bell = FaultyDoorbell()
    with sweeping(make(settings, world, bell)):
        first = world.queue()
        wait_for(lambda: first in bell.rung, "the first ringing")
        second = world.queue()
        wait_for(lambda: second in bell.rung, "the second ringing")


def test_a_late_sweep_leaves_leases_alone(settings: Settings, world: World, bell: RecordingDoorbell) -> None:
    """Like after the sleep of a machine or a frozen worker, when the owners slept, too."""
    mine = world.start()
    sweeper = after_its_first_lease(make(settings, world, bell))
    world.alter(mine.job_id, lease_until=now(LEASE / 2))
    time.sleep(LEASE)
    sweeper.sweep()
    assert world.row(mine.job_id).state == "running"


def test_a_jump_of_the_databases_clock_costs_no_strike(
    settings: Settings, world: World, bell: RecordingDoorbell
) -> None:
    jump = clock_that_jumps(world.database)
    next(jump)
    mine = world.start()
    sweeper = after_its_first_lease(make(settings, world, bell))
    next(jump)
    sweeper.sweep()
    assert world.row(mine.job_id).state == "running"
    world.beat(mine)
    after_its_first_lease(sweeper)
    assert world.row(mine.job_id).strikes == 0
    world.lapse(mine.job_id)
    sweeper.sweep()
    assert world.row(mine.job_id).strikes == 1
