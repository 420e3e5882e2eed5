"""The database: reads and writes on SQLite and on PostgreSQL.

Every transition is one guarded UPDATE, so PostgreSQL's READ COMMITTED suffices. SQLite takes its write lock at BEGIN,
so writers wait for one another there and nowhere else.
"""

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from store.errors import DatabaseError

__all__ = ["Connection", "Database", "open_database"]  # Connection for the annotations of callers

T = TypeVar("T")

ATTEMPTS = 6
# serialization failure, deadlock, lock not available, and the server going away or coming up
PASSING_SQLSTATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03"}
NO_SUCH_TABLE = "42P01"
NO_TABLE = (
    "the database lacks a table ({}): if the service has another database, name it by EBB_HOME or DATABASE_URL; if "
    "this is its own, run `ebb migrate`"
)
POSTGRESQL_OPTIONS = "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
# How long to wait for a silent server: while connecting, after sending, and while it works.
GONE_AFTER = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 10, "keepalives_interval": 3}
_json = json.JSONEncoder(allow_nan=False).encode  # PostgreSQL refuses NaN, SQLite does not


@dataclass(frozen=True)
class Database:
    """A pool of connections to one database."""

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection to read from; writes on it are rolled back.

        Raises: DatabaseError when the database does not answer or reports a failure.
        """
        try:
            with self.engine.connect() as connection:
                yield connection
        except (OperationalError, PoolTimeoutError) as error:
            raise _trouble(error) from error

    def write(self, work: Callable[[Connection], T], *, migrating: bool = False, attempts: int = ATTEMPTS) -> T:
        """Run `work` in a transaction and commit; run it again after a conflict or a lost connection.

        A COMMIT whose answer was lost may have happened: `work` must find that its first run has succeeded. Callers
        that retry by themselves pass fewer `attempts`. While `migrating`, SQLite checks no foreign keys, because it
        alters a table by creating it anew.

        Raises: DatabaseError when the database stays away or reports a failure; whatever `work` raises, with nothing
        written.
        """
        for attempt in range(1, attempts + 1):
            try:
                with (
                    self.engine.connect().execution_options(ebb_write=True, ebb_migrating=migrating) as connection,
                    connection.begin(),
                ):
                    return work(connection)
            except (DBAPIError, PoolTimeoutError) as error:
                passing = isinstance(error, DBAPIError) and _passing(error)
                if not passing and not isinstance(error, OperationalError | PoolTimeoutError):
                    raise
                if not passing or attempt == attempts:
                    raise _trouble(error) from error
                time.sleep(random.uniform(0.5, 1.5) * 0.05 * 2**attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _passing(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return "locked" in str(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    # psycopg reports no state where no connection was made: refused, timed out, or the server is starting
    unconnected = state is None and isinstance(error, OperationalError)
    return unconnected or state in PASSING_SQLSTATES or (state or "").startswith("08")


def _trouble(error: DBAPIError | PoolTimeoutError) -> DatabaseError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if "no such table" in str(cause) or getattr(cause, "sqlstate", None) == NO_SUCH_TABLE:
        return DatabaseError(NO_TABLE.format(str(cause).partition("\n")[0]))
    return DatabaseError(f"the database does not answer, or cannot work: {cause}")


def open_database(url: str, *, pool_size: int = 5) -> Database:
    """Open the database at `url`; create the file of an SQLite database and its folder if they are missing.

    Raises: DatabaseError when the folder cannot be created.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # error texts are logged, and values may be personal data
            json_serializer=_json,
            connect_args={"options": POSTGRESQL_OPTIONS, "application_name": "ebb", **GONE_AFTER},
        )
        return Database(engine)
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, pool_size=pool_size, hide_parameters=True, json_serializer=_json)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"cannot make the folder {folder} for the database: {error.strerror}; name another with EBB_HOME"
        ) from error


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # _begin_sqlite begins transactions, not sqlite3
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("ebb_migrating"):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # has no effect once a transaction has begun
    writing = options.get("ebb_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
