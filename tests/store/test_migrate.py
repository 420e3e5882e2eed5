"""Migrations upgrade any database to the tables of this release, and downgrade it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from store.database import Database, open_database
from store.migrate import downgrade, is_current, upgrade
from store.tables import checkpoints, epochs, metadata
from tests.store.world import checkpoint, make_world

UPGRADE = """
import sys
from store.database import open_database
from store.migrate import upgrade
upgrade(open_database(sys.argv[1]))
"""


@pytest.fixture
def bare(bare_database_url: str) -> Iterator[Database]:
    database = open_database(bare_database_url)
    yield database
    database.close()


def _tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_up_down_and_up_again(bare: Database) -> None:
    upgrade(bare)
    assert _tables(bare) == {*metadata.tables, "alembic_version"}
    downgrade(bare)
    assert _tables(bare) == {"alembic_version"}
    upgrade(bare)
    make_world(bare).succeed(make_world(bare).start())


def test_down_works_with_rows_in_the_tables(bare: Database) -> None:
    upgrade(bare)
    world = make_world(bare)
    world.succeed(world.start())
    downgrade(bare)
    assert _tables(bare) == {"alembic_version"}


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_database_is_current_only_with_every_migration(bare: Database) -> None:
    assert not is_current(bare)
    upgrade(bare)
    assert is_current(bare)
    downgrade(bare)
    assert not is_current(bare)


def test_upgrading_a_current_database_changes_nothing(database: Database) -> None:
    world = make_world(database)
    before = world.snapshot()
    upgrade(database)
    assert world.snapshot() == before


def test_processes_may_upgrade_at_once(bare: Database, bare_database_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, bare_database_url]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [child.communicate()[1] for child in children] == [b""] * 3
    assert [child.returncode for child in children] == [0] * 3
    assert is_current(bare)


def test_the_data_of_the_first_release_survives_an_upgrade(bare: Database) -> None:
    upgrade(bare)
    world = make_world(bare)
    world.succeed(world.start())
    before = world.snapshot()
    downgrade(bare, "0001")  # drops what the first release lacks: the audit log, and the times of last use
    upgrade(bare)
    after = world.snapshot()
    ((*artifact, used_at, removed_at),) = after["artifacts"]
    ((*_, used_before, _),) = before["artifacts"]
    assert used_at >= used_before
    assert after == {**before, "audit_log": [], "artifacts": [(*artifact, used_at, removed_at)]}
    assert is_current(bare)


def test_a_move_by_a_training_names_the_key_that_submitted_it(bare: Database) -> None:
    """An earlier release named the job as the mover."""
    upgrade(bare)
    world = make_world(bare)
    jobs = [world.queue(owner=owner) for owner in ("0123abcd", "")]
    downgrade(bare, "0005")
    movers = [*(f"job {job}" for job in jobs), "local", "job 7"]
    row = "INSERT INTO alias_moves (model, alias, revision, to_version, moved_by, moved_at) VALUES "
    for number, mover in enumerate(movers, 1):
        values = f"('churn', 'champion', {number}, 1, '{mover}', '2026-01-01 00:00:00')"
        bare.write(lambda connection, values=values: connection.execute(text(row + values)))
    upgrade(bare)

    def told() -> list[tuple[str, str | None]]:
        with bare.read() as connection:
            rows = connection.execute(text("SELECT moved_by, job_id FROM alias_moves ORDER BY revision"))
            return [(row.moved_by, row.job_id) for row in rows]

    assert told() == [("0123abcd", jobs[0]), ("local", jobs[1]), ("local", None), ("job 7", None)]
    downgrade(bare, "0005")
    with bare.read() as connection:
        assert list(connection.execute(text("SELECT moved_by FROM alias_moves ORDER BY revision")).scalars()) == movers


def test_an_earlier_release_finds_sweeps_as_trainings_that_have_ended(bare: Database) -> None:
    upgrade(bare)
    world = make_world(bare)
    waiting, done = world.queue(kind="sweep"), world.start(world.queue(kind="sweep"))
    world.succeed(done)
    running = world.start(world.queue(kind="sweep"))
    world.beat(running, checkpoint=checkpoint(1))
    world.cancel(running.job_id)
    downgrade(bare, "0007")
    jobs = (waiting, done.job_id, running.job_id)
    rows = {job: (world.row(job).kind, world.row(job).state) for job in jobs}
    assert rows == {
        waiting: ("training", "failed"),
        done.job_id: ("training", "succeeded"),
        running.job_id: ("training", "failed"),
    }
    assert world.row(waiting).error_text == "this release has no sweeps"
    with bare.read() as connection:
        assert connection.execute(select(func.count()).select_from(checkpoints)).scalar_one() == 0
    upgrade(bare)
    world.queue(kind="sweep")


def test_a_migrated_database_still_refuses_rows_that_refer_to_nothing(bare: Database) -> None:
    upgrade(bare)
    orphan = insert(epochs).values(
        job_id="none", epoch=1, learning_rate=0.1, train_loss=0.1, gradient_norm=0.1, seconds=0.1
    )
    with pytest.raises(IntegrityError):
        bare.write(lambda connection: connection.execute(orphan))
