"""Outages of PostgreSQL: short ones are retried, long ones are reported."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import URL

from store.database import Database, open_database
from store.errors import DatabaseError
from store.tables import workers
from tests.parts.postgres import Postgres
from tests.store.world import race


def _add(connection: Connection, name: str) -> None:
    connection.execute(insert(workers).values(name=name))


def _names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(workers.c.name)).scalars())


def _kill_all(url: str) -> None:
    address = url.replace("postgresql+psycopg://", "postgresql://")
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def on_postgresql(postgres: Postgres, postgresql_template: str) -> Iterator[tuple[Database, str]]:
    url = postgres.create_database(template=postgresql_template)
    database = open_database(url)
    yield database, url
    database.close()
    postgres.drop_database(url)


def test_work_whose_connection_was_killed_runs_again(on_postgresql: tuple[Database, str]) -> None:
    database, url = on_postgresql
    runs = []

    def work(connection: Connection) -> None:
        runs.append(1)
        _add(connection, f"w{len(runs)}")
        if len(runs) == 1:
            _kill_all(url)

    database.write(work)
    assert (len(runs), _names(database)) == (2, ["w2"])


def test_killed_idle_connections_cause_no_error(on_postgresql: tuple[Database, str]) -> None:
    database, url = on_postgresql
    assert _names(database) == []
    _kill_all(url)
    assert _names(database) == []


def test_two_deadlocked_transactions_both_end(on_postgresql: tuple[Database, str]) -> None:
    database, _ = on_postgresql
    for name in ("a", "b"):
        database.write(lambda connection, name=name: _add(connection, name))

    def work(first: str, second: str) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            for name in (first, second):
                connection.execute(workers.update().where(workers.c.name == name).values(seen_at=workers.c.seen_at))
                time.sleep(0.3)

        return run

    race(2, lambda number: database.write(work("a", "b") if number else work("b", "a")))


def _connect(url: URL) -> socket.socket:
    if folder := url.query.get("host"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f"{folder}/.s.PGSQL.{url.port or 5432}")
        return connection
    return socket.create_connection((url.host, url.port or 5432))


def _pump(source: socket.socket, target: socket.socket) -> None:
    while some := source.recv(65536):
        target.sendall(some)
    target.shutdown(socket.SHUT_WR)


def test_a_late_server_is_waited_for(postgres: Postgres) -> None:
    """A port that first refuses and then forwards simulates a server that restarts."""
    with socket.socket() as door, _connect(postgres.url) as server:
        door.bind(("127.0.0.1", 0))

        def come_up() -> None:
            time.sleep(0.5)
            door.listen()
            client, _ = door.accept()
            with client:
                back = Thread(target=_pump, args=(server, client))
                back.start()
                _pump(client, server)
                back.join()

        late = Thread(target=come_up)
        late.start()
        address = postgres.url.set(host="127.0.0.1", port=door.getsockname()[1], query={})
        database = open_database(address.render_as_string(hide_password=False))
        assert database.write(lambda connection: connection.execute(text("SELECT 1")).scalar_one()) == 1
        database.close()
        late.join()


def test_a_long_outage_of_the_server_is_an_error(tmp_path: Path) -> None:
    database = open_database(f"postgresql://ebb@/ebb?host={tmp_path}")
    with pytest.raises(DatabaseError, match="does not answer"):
        database.write(lambda connection: None)
    with pytest.raises(DatabaseError, match="does not answer"):
        _names(database)
