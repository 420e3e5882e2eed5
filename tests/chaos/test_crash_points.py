"""After a crash at any point, the job ends once with the same bytes, and leaves no files or processes."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.points import FEW, POINTS
from tests.chaos.service import Service, service
from tests.parts.postgres import Postgres

SMALL = [("sqlite", name) for name in FEW]
FULL = [(backend, name) for backend in ("sqlite", "postgresql") for name in POINTS]
TRIES = 5  # the API or a sweeper publishes a job, and some points are in one of them
SECONDS = 2.0  # of a training or replay: enough for some heartbeats and checkpoints


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("sqlite")
    (home / "ebb.db").write_bytes(sqlite_template.read_bytes())
    with service(home, f"sqlite:///{home}/ebb.db", workers=2, seconds=SECONDS) as running:
        yield running


@pytest.fixture(scope="module")
def on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, postgresql_template: str
) -> Iterator[Service]:
    url = postgres.create_database(template=postgresql_template)
    with service(tmp_path_factory.mktemp("postgresql"), url, workers=2, seconds=SECONDS) as running:
        yield running
    postgres.drop_database(url)


def test_a_job_ends_once_after_a_crash_at_any_point(case: tuple[str, str], request: pytest.FixtureRequest) -> None:
    backend, name = case
    point, running = POINTS[name], request.getfixturevalue(f"on_{backend}")
    if (point.kind, point.ends) == ("scoring", "succeeded"):
        running.forget_scores()
    armed = point.arm(running.fleet.armed)
    for _ in range(TRIES):
        job_id = running.submit(point.kind, "diverging" if point.spec else "churn", **point.spec)
        if point.cancel:
            running.fleet.wait_for(lambda job_id=job_id: running.row(job_id).progress_done, "the first epochs")
            assert running.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
        running.fleet.wait_for(lambda job_id=job_id: running.has_ended(job_id), f"the end of job {job_id}")
        ended = running.ended()
        assert ended.jobs[job_id].state == point.ends, ended.story(job_id)
        if not any(path.exists() for path in armed):
            break
    assert [path.read_text() for path in armed if path.exists()] == [], "nobody came to this point"
    running.ended().check(running.fleet.settings)


def test_the_functions_of_crash_points_exist() -> None:
    for point in POINTS.values():
        for kill in point.kills:
            for within in kill.within:
                module, _, function = within.rpartition(".")
                assert callable(getattr(importlib.import_module(module), function)), within
