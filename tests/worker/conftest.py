"""A database with customers, and one worker."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database import Database, open_database
from store.settings import Settings
from tests.worker.trainings import Trainings, make_trainings


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, lease_seconds=6.0, heartbeat_seconds=0.5)


@pytest.fixture
def trainings(database: Database, settings: Settings) -> Trainings:
    return make_trainings(database, settings)


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """Settings of a migrated SQLite database, for tests that do not depend on the database."""
    path = tmp_path / "ebb.db"
    shutil.copyfile(sqlite_template, path)
    return Settings(home=tmp_path, database_url=f"sqlite:///{path}", lease_seconds=6.0, heartbeat_seconds=0.5)


@pytest.fixture
def sqlite(sqlite_settings: Settings) -> Iterator[Database]:
    opened = open_database(sqlite_settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def on_sqlite(sqlite: Database, sqlite_settings: Settings) -> Trainings:
    return make_trainings(sqlite, sqlite_settings)
