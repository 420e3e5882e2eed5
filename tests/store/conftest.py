"""A database with a dataset in it."""

import pytest

from store.database import Database
from tests.store.world import World, make_world


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)
