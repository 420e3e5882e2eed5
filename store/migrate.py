"""Migrates a database to the tables of this release, and checks whether it is there."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from store.database import Database
from store.errors import DatabaseError

SCRIPTS = Path(__file__).parent.parent / "migrations"
NOT_ALLOWED = "42501"  # PostgreSQL's insufficient_privilege
LOCK = 3224  # PostgreSQL's advisory lock for changes of tables and roles


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply every migration up to `revision`; several processes may do so at once.

    Raises: DatabaseError when the database stays away, or this role may not change its tables.
    """
    _migrate(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str = "base") -> None:
    """Undo migrations down to `revision`; their tables' contents are lost."""
    _migrate(database, lambda config: command.downgrade(config, revision))


def is_current(database: Database) -> bool:
    """Return whether the database has exactly the tables of this release."""
    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _migrate(database: Database, step: Callable[[Config], None]) -> None:
    def work(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            # A migration may take longer than the service's statements, and a second one waits for the first.
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        step(_config(connection))
        if connection.dialect.name == "sqlite" and (
            broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        ):
            raise DatabaseError(
                f"the migration would leave {len(broken)} rows that refer to nothing; nothing was changed"
            )

    try:
        database.write(work, migrating=True)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != NOT_ALLOWED:
            raise
        raise DatabaseError(f"cannot migrate: {error.orig}; migrate as the role that owns the tables") from error
    finally:
        database.close()  # the connection checks no foreign keys, and must not be used again


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
