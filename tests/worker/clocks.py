"""A database with a clock that jumps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import event

from store.database import Database


def clock_that_jumps(database: Database) -> Iterator[None]:
    """Replace the clock of the database by one that jumps an hour ahead at the second step."""
    url = database.engine.url
    if url.get_backend_name() == "sqlite":
        return _on_sqlite(database)
    return _on_postgresql(url.set(drivername="postgresql").render_as_string(hide_password=False))


def _on_postgresql(url: str) -> Iterator[None]:
    clock = (
        "CREATE OR REPLACE FUNCTION clock_of_ours.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS "
        "$$ SELECT pg_catalog.clock_timestamp() + interval '{} hour' $$"
    )
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("CREATE SCHEMA clock_of_ours")
        for hours in (0, 1):
            connection.execute(clock.format(hours))
            if not hours:
                name = connection.info.dbname
                connection.execute(f'ALTER DATABASE "{name}" SET search_path = clock_of_ours, pg_catalog, public')
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            yield


def _on_sqlite(database: Database) -> Iterator[None]:
    ahead = [timedelta(0)]

    def clock(form: str, moment: str, offset: str) -> str:
        seconds = timedelta(seconds=float(offset.removesuffix(" seconds")))
        return (datetime.now(UTC) + ahead[0] + seconds).strftime("%Y-%m-%d %H:%M:%S.%f")

    @event.listens_for(database.engine, "connect")
    def use(connection: sqlite3.Connection, _: object) -> None:
        connection.create_function("strftime", 3, clock)

    database.engine.dispose()
    yield
    ahead[0] = timedelta(hours=1)
    yield
