"""Guarantees of the servers of the tests."""

import os
import subprocess
import sys
import time
from pathlib import Path

import redis
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from store.broker import Broker
from store.database import Database, open_database
from store.migrate import is_current
from tests.parts.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import time
from tests.parts.postgres import start_postgres
print(start_postgres().url.query["host"], flush=True)
time.sleep(60)
"""


def test_a_test_gets_a_migrated_database_without_rows(database: Database) -> None:
    assert is_current(database)
    with database.read() as connection:
        names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        assert names
        for name in names:
            assert connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() == 0, name


def test_a_bare_database_has_no_tables(bare_database_url: str) -> None:
    database = open_database(bare_database_url)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()


def test_a_copied_database_is_its_own(postgres: Postgres, postgresql_template: str) -> None:
    one, other = (postgres.create_database(postgresql_template) for _ in range(2))
    assert len({one, other, postgresql_template}) == 3
    for url in (one, other):
        postgres.drop_database(url)


def test_a_killed_test_run_leaves_neither_server_nor_folder() -> None:
    environ = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert (folder / "data" / "postmaster.pid").exists()
        run.kill()
    deadline = time.monotonic() + 20
    while folder.exists():
        assert time.monotonic() < deadline, f"{folder} is still there"
        time.sleep(0.05)


def test_the_broker_answers(broker: Broker) -> None:
    path = make_url(broker.url).database
    client = redis.Redis(unix_socket_path=f"/{path}") if "socket" in broker.url else redis.from_url(broker.url)
    assert client.ping()
    client.close()
