"""Outages of the database, and a nearly full disk."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, event, make_url

from store.database import Database


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Close all connections and refuse new ones until the end of the block."""
    url = database.engine.url
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        away, folder = path.with_suffix(".away"), path.with_suffix(".folder")
        away.hardlink_to(path)
        folder.symlink_to(path.parent, target_is_directory=True)
        folder.replace(path)  # atomically: otherwise a connection could create a new database
        database.engine.dispose()
        try:
            yield
        finally:
            away.replace(path)
        return
    name = str(url.database)
    server = make_url(url).set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with closing(psycopg.connect(server, autocommit=True)) as administrator:
        administrator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            administrator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


REFUSE = (
    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$",
    "CREATE TRIGGER no_room BEFORE INSERT ON epochs FOR EACH ROW EXECUTE FUNCTION no_room()",
    "CREATE TRIGGER no_room BEFORE INSERT ON versions FOR EACH ROW EXECUTE FUNCTION no_room()",
)


@contextmanager
def disk_nearly_full(database: Database) -> Iterator[None]:
    """Let the database update rows, but refuse large new ones."""
    if database.engine.url.get_backend_name() == "sqlite":
        event.listen(database.engine, "begin", _no_more_pages)
        try:
            yield
        finally:
            event.remove(database.engine, "begin", _no_more_pages)
            database.close()  # the limited connections
    else:
        _run(database, *REFUSE)
        try:
            yield
        finally:
            _run(database, "DROP FUNCTION no_room CASCADE")


def _no_more_pages(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count = 1")  # than exist


def _run(database: Database, *statements: str) -> None:
    def run(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    database.write(run)
