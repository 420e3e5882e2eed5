"""Bringing a database to the tables of this release, and telling whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from store.database import Database

SCRIPTS = Path(__file__).parent.parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration up to `revision`; several processes may do so at once."""
    with database.engine.connect().execution_options(ebb_write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3224)")
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Undo migrations down to `revision`; their tables' contents are lost."""
    with database.engine.connect().execution_options(ebb_write=True) as connection, connection.begin():
        command.downgrade(_config(connection), revision)


def is_current(database: Database) -> bool:
    """Return whether the database has exactly the tables of this release."""
    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config
