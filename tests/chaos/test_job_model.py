"""Any sequence of steps leaves the tables equal to the plain model."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from store.database import Database, open_database
from tests.chaos.walking import STEPS, Jobs
from tests.parts.postgres import Postgres
from tests.store.world import World, make_world

SMALL = [("sqlite",)]
FULL = [("sqlite",), ("postgresql",)]
ROUNDS = 5  # at most: a small random run may miss a step


@pytest.fixture
def world(case: tuple[str], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if case == ("sqlite",):
        path = tmp_path / "ebb.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        database = open_database(f"sqlite:///{path}")
        event.listen(database.engine, "connect", _no_disk)
        yield make_world(database)
        database.close()
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database(template=request.getfixturevalue("postgresql_template"))
    database: Database = open_database(url)
    yield make_world(database)
    database.close()
    server.drop_database(url)


def _no_disk(connection: sqlite3.Connection, _: object) -> None:
    """Skip fsync, which takes half of the time: nothing crashes here."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.mark.timeout(7200)
def test_any_steps_in_any_order_agree_with_the_plain_model(world: World, full: bool) -> None:
    met: Counter[str] = Counter()
    machine = type("JobsHere", (Jobs,), {"world": world, "met": met})
    examples, steps = (2000, 50) if full else (25, 50)
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        # Shrinking a failure takes minutes, so only the full size does it.
        phases=tuple(Phase) if full else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    for _ in range(ROUNDS):
        run_state_machine_as_test(machine, settings=how)
        if not _missed(met):
            break
    assert _missed(met) == [], "these steps were never taken, so nothing is known of them"


def _missed(met: Counter[str]) -> list[str]:
    return [step for step in STEPS if not met[step]]
