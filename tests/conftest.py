"""The servers and databases that tests share."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from store.broker import Broker
from store.database import Database, open_database
from store.doorbell import celery_app
from store.migrate import upgrade
from store.roles import grant_service
from tests.parts.postgres import SERVICE_PASSWORD, Postgres, start_postgres
from tests.parts.valkey import start_valkey

# On a busy machine an example may be slow. The time limit of a test ends one that hangs.
examples.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("busy")

LONG = ("tests/chaos/", "tests/e2e/", "tests/worker/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes for `-n auto`: each has its own servers, and a test may start a whole service."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores, 2), 4)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the long tests first when processes share them, so that no process starts one at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    server = start_postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def running_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker, with the messages of other tests."""
    server = start_valkey(tmp_path_factory.mktemp("broker"))
    yield server
    server.stop()


@pytest.fixture
def broker(running_broker: Broker) -> Broker:
    """A running broker without messages of other tests."""
    with celery_app(running_broker.url).connection_for_write() as connection:
        connection.default_channel.client.flushall()
    return running_broker


@pytest.fixture(scope="session")
def postgresql_template(postgres: Postgres) -> Iterator[str]:
    """A migrated database to copy for tests, with a role for the service."""
    url = postgres.create_database()
    _migrate(url)
    owner = open_database(url)
    grant_service(owner, postgres.service, SERVICE_PASSWORD)
    owner.close()
    yield url
    postgres.drop_database(url)
    postgres.drop_role(postgres.service)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy for tests."""
    path = tmp_path_factory.mktemp("template") / "ebb.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database without rows. Its tests run on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "ebb.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database(template=request.getfixturevalue("postgresql_template"))
    yield url
    server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, for tests of migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The opened migrated database."""
    opened = open_database(database_url)
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    database = open_database(url)
    upgrade(database)
    database.close()
