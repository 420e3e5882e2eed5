"""Outages and full disks of the database, and wrong clocks of workers: no healthy job gets a strike."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from store.clock import read_clock
from store.database import open_database
from store.migrate import upgrade
from tests.chaos.service import Service, service
from tests.parts.crashing_postgres import CrashingPostgres, crashing_postgres

HOURS = 2 * 3600
NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
"""


@dataclass
class Surroundings:
    """A service with two workers whose clocks differ by four hours, and its own database."""

    service: Service
    postgres: CrashingPostgres
    url: str
    outage_seconds: float


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory, full: bool) -> Iterator[Surroundings]:
    leases = {"lease_seconds": 30.0, "heartbeat_seconds": 5.0} if full else {}
    clocks = {"worker0": {"CHAOS_CLOCK": str(HOURS)}, "worker1": {"CHAOS_CLOCK": str(-HOURS)}}
    with crashing_postgres() as postgres:
        url = postgres.server.create_database()
        database = open_database(url)
        upgrade(database)
        database.close()
        home = tmp_path_factory.mktemp("around")
        with service(home, url, workers=2, seconds=4.0, environ=clocks, **leases) as running:
            yield Surroundings(running, postgres, url, 40.0 if full else 8.0)


def _all_end(running: Service, jobs: list[str]) -> None:
    running.fleet.wait_for(lambda: all(running.has_ended(job_id) for job_id in jobs), "the end of the jobs")
    ended = running.ended()
    ended.check(running.fleet.settings)
    for job_id in jobs:
        row = ended.jobs[job_id]
        assert row.state == "succeeded", ended.story(job_id)


def test_an_outage_of_the_database_longer_than_a_lease_costs_no_strike(around: Surroundings) -> None:
    running = around.service
    jobs = [running.submit() for _ in range(3)]
    running.fleet.wait_for(lambda: sum(running.row(job_id).progress_done > 0 for job_id in jobs) == 2, "two trainings")
    assert around.outage_seconds > running.fleet.settings.lease_seconds
    around.postgres.crash()
    time.sleep(around.outage_seconds / 2)
    address = f"http://127.0.0.1:{running.fleet.settings.port}/v1/jobs/{jobs[0]}"
    answer = httpx.get(address, timeout=60, trust_env=False)
    assert (answer.status_code, "The database does not answer" in answer.text) == (503, True), answer.text
    time.sleep(around.outage_seconds / 2)
    around.postgres.start()
    _all_end(running, jobs)
    assert [(running.row(job_id).strikes, running.row(job_id).token) for job_id in jobs] == [(0, 1)] * 3


def test_clocks_hours_apart_change_nothing(around: Surroundings) -> None:
    running = around.service
    jobs = [running.submit() for _ in range(2)]
    running.fleet.wait_for(lambda: sum(running.row(job_id).progress_done > 0 for job_id in jobs) == 2, "two trainings")
    assert len({running.row(job_id).worker.split("#")[0] for job_id in jobs}) == 2
    running.fleet.processes["worker0"].kill()
    _all_end(running, jobs)
    assert sorted(running.row(job_id).strikes for job_id in jobs) == [0, 1]
    with running.database.read() as connection:
        there = datetime.fromtimestamp(read_clock(connection), UTC)
    for job_id in jobs:
        row = running.row(job_id)
        assert row.created_at <= row.started_at <= row.finished_at <= there < row.created_at + timedelta(hours=1)


@contextmanager
def _full_postgresql(around: Surroundings) -> Iterator[None]:
    """Raise the error of a full disk in PostgreSQL when a row is added."""
    tables = ("epochs", "jobs", "checkpoints")
    with closing(psycopg.connect(around.url.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute(NO_ROOM)
        for table in tables:
            connection.execute(
                f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"
            )
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION no_room CASCADE")


def test_jobs_survive_a_full_disk_of_postgresql(around: Surroundings) -> None:
    _fill(around.service, lambda: _full_postgresql(around), "No space left on device")


@contextmanager
def _full_sqlite(running: Service) -> Iterator[None]:
    (running.fleet.armed / "full").touch()
    try:
        yield
    finally:
        (running.fleet.armed / "full").unlink()


def test_jobs_survive_a_full_disk_of_sqlite(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "ebb.db"
    path.write_bytes(sqlite_template.read_bytes())
    with service(tmp_path, f"sqlite:///{path}", workers=1, seconds=3.0) as running:
        _fill(running, lambda: _full_sqlite(running), "database or disk is full")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _fill(running: Service, full: Callable[[], AbstractContextManager[None]], said: str) -> None:
    """Fill the disk for some seconds of a training. All acknowledged jobs still end."""
    training = running.submit()
    running.fleet.wait_for(lambda: running.row(training).progress_done, "the first epochs")
    address = f"http://127.0.0.1:{running.fleet.settings.port}/v1/jobs/training"
    refused, extra = 0, list[str]()
    with full():
        for _ in range(40):  # an existing page has space for some rows
            answer = httpx.post(address, json=running.training(), timeout=60, trust_env=False)
            if answer.status_code == 202:
                extra.append(answer.json()["id"])
            else:
                refused += 1
                assert answer.status_code == 503, answer.text
                assert "The database does not answer" in answer.text
            if refused and said in running.fleet.said(200):
                break
            time.sleep(0.1)
        assert refused
        running.fleet.wait_for(lambda: said in running.fleet.said(200), f"'{said}' in a log", seconds=10)
    running.acknowledged.update(extra)
    for job_id in extra:
        assert running.post(f"/v1/jobs/{job_id}/cancel").status_code in (200, 409)
    running.fleet.wait_for(lambda: all(running.has_ended(job_id) for job_id in extra), "the end of the others")
    _all_end(running, [training])
