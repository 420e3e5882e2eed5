"""A database that is away for a while."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from store.database import Database


@contextmanager
def outage(database: Database) -> Iterator[None]:
    """Let every connection be lost and no new one come about until the end of the block."""
    url = database.engine.url
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        away = path.rename(path.with_suffix(".away"))
        path.mkdir()
        database.engine.dispose()
        try:
            yield
        finally:
            path.rmdir()
            away.rename(path)
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
