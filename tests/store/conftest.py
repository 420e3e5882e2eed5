"""A database with the rights of the service, and one with a dataset."""

from collections.abc import Iterator

import pytest

from store.database import Database, open_database
from tests.parts.postgres import Postgres
from tests.store.world import World, make_world


@pytest.fixture
def database_url(database_url: str, request: pytest.FixtureRequest) -> str:
    """The migrated database; on PostgreSQL with the rights of the service, which does not own the tables."""
    if database_url.startswith("sqlite"):
        return database_url
    server: Postgres = request.getfixturevalue("postgres")
    return server.as_service(database_url)


@pytest.fixture
def owner(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The migrated database, opened by the owner of its tables."""
    if database_url.startswith("sqlite"):
        opened = open_database(database_url)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        opened = open_database(server.as_owner(database_url))
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)
