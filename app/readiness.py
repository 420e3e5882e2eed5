"""Readiness: the database answers, its tables are of this release, and a worker is alive."""

from store.database import Database
from store.errors import DatabaseError
from store.migrate import is_current
from store.workers import count_alive, find_unserved


def check(database: Database, within_seconds: float) -> dict[str, str]:
    """Return "ok" or the problem of each check; after a failure, later checks are left out."""
    try:
        if not is_current(database):
            return {"database": "ok", "migrations": "the database's tables are not of this release; run `ebb migrate`"}
        with database.read() as connection:
            workers = count_alive(connection, within_seconds=within_seconds)
    except DatabaseError:
        return {"database": "the database does not answer"}
    none = f"no worker was seen in the last {within_seconds:g} seconds"
    return {"database": "ok", "migrations": "ok", "worker": "ok" if workers else none}


def unserved(database: Database, within_seconds: float) -> list[str]:
    """Return the kinds of job that wait and have no worker; other jobs and scores are not affected.

    Raises: DatabaseError.
    """
    with database.read() as connection:
        return find_unserved(connection, within_seconds=within_seconds)
