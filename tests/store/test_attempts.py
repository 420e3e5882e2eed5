"""A job's attempts are read from its events; jobs are found by a text; workers are listed with their state."""

import pytest

from store.clock import now
from store.database import Database
from store.job_states import JobState
from store.jobs.attempts import list_attempts, read_workers
from store.jobs.finish import fail
from store.jobs.read import list_jobs
from store.workers import list_workers, register_worker
from tests.store.world import World, make_world


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database, name="March_50%")


def test_each_attempt_has_its_worker_its_end_and_its_reason(world: World) -> None:
    job = world.queue()
    world.start(job, worker="first")
    world.expire(job)
    world.alter(job, run_after=now())
    second = world.start(job, worker="second")
    with world.database.read() as connection:
        running = list_attempts(connection, job)
        assert read_workers(connection, [job]) == {job: "second"}
    world.database.write(lambda connection: fail(connection, second, code="bad_table", text="no"))
    with world.database.read() as connection:
        ended = list_attempts(connection, job)
        assert list_attempts(connection, world.queue()) == []
    assert [(one.number, one.worker, one.outcome, one.reason) for one in running] == [
        (1, "first", JobState.QUEUED, "lease lost"),
        (2, "second", None, ""),
    ]
    assert (ended[1].outcome, ended[1].reason) == (JobState.FAILED, "bad_table")
    assert all(one.ended_at is not None and one.ended_at >= one.begun_at for one in ended)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ARCH_50%", "both"),
        ("churn", "both"),
        ("arch-50", ""),
        ("alpha", "alpha"),
        ("%", "both"),
        ("_5", "both"),
        ("alpha%churn", ""),
        ("al_ha", ""),
    ],
)
def test_a_text_is_looked_for_as_it_is_written(world: World, text: str, found: str) -> None:
    jobs = {"alpha": world.queue(model="alpha-churn"), "beta": world.queue(model="beta-churn")}
    with world.database.read() as connection:
        rows = {row.id for row in list_jobs(connection, text=text, page_size=10).rows}
    assert rows == (set(jobs.values()) if found == "both" else {jobs[found]} if found else set())


def test_workers_are_alive_or_silent(database: Database) -> None:
    database.write(lambda connection: register_worker(connection, "w", ["training"], job_bytes=5))
    for within, alive in ((60.0, True), (-60.0, False)):
        with database.read() as connection:
            [worker] = list_workers(connection, within_seconds=within)
        assert (worker.name, worker.kinds, worker.job_bytes, worker.alive) == ("w", ["training"], 5, alive)
