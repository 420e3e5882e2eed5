"""Times come from the database, in UTC, and are equal on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from store.clock import now
from store.database import Database
from store.tables import jobs, workers
from tests.store.world import World

MOMENT = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=5, minutes=45))], ids=str
)
def test_a_time_round_trips_as_the_same_moment_in_utc(world: World, zone: timezone) -> None:
    job_id = world.queue()
    world.alter(job_id, deadline_at=MOMENT.astimezone(zone))
    found = world.row(job_id).deadline_at
    assert (found, found.tzinfo, found.microsecond) == (MOMENT, UTC, 123456)


def test_a_time_without_a_zone_is_refused(world: World) -> None:
    job_id = world.queue()
    with pytest.raises(StatementError, match="a time without a zone"):
        world.alter(job_id, deadline_at=MOMENT.replace(tzinfo=None))


def test_every_time_the_database_writes_is_near_utc_now(world: World) -> None:
    row = world.row(world.start().job_id)
    for moment in (row.created_at, row.run_after, row.heartbeat_at, row.started_at):
        assert moment.tzinfo is UTC
        assert abs(datetime.now(UTC) - moment) < timedelta(seconds=10)


@pytest.mark.parametrize("offset", [0.0, 30.0, -30.0, 0.25, -86400.0, 1e6])
def test_an_offset_counts_in_seconds(database: Database, offset: float) -> None:
    with database.read() as connection:
        here, there = connection.execute(select(now(), now(offset))).one()
    assert (there - here).total_seconds() == pytest.approx(offset, abs=0.01)


def test_times_of_the_database_and_of_python_compare_as_moments(world: World) -> None:
    job_id = world.queue()
    for seconds in (-2, 2):
        world.alter(job_id, deadline_at=datetime.now(timezone(timedelta(hours=9))) + timedelta(seconds=seconds))
        with world.database.read() as connection:
            past = connection.execute(select(jobs.c.id).where(jobs.c.deadline_at < now())).first()
        assert (past is not None) == (seconds < 0)


def test_the_clock_advances_within_a_transaction(database: Database) -> None:
    with database.read() as connection:
        moments = {connection.execute(select(now())).scalar_one() for _ in range(200)}
    assert len(moments) > 1


def test_statements_with_other_offsets_share_a_compilation(database: Database) -> None:
    def add(number: int) -> None:
        statement = insert(workers).values(name=f"w{number}", seen_at=now(float(-number)))
        database.write(lambda connection: connection.execute(statement))

    add(0)
    compiled = len(database.engine._compiled_cache)
    for number in range(1, 5):
        add(number)
    assert len(database.engine._compiled_cache) == compiled
