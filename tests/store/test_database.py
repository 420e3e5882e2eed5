"""Writes are atomic, and conflicts are retried."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from store.database import Database, open_database
from store.errors import DatabaseError
from store.tables import workers
from tests.store.world import race


def _add(connection: Connection, name: str = "w") -> None:
    connection.execute(insert(workers).values(name=name))


def _names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(workers.c.name).order_by(workers.c.name)).scalars())


def test_work_is_committed_completely_or_not_at_all(database: Database) -> None:
    def work(connection: Connection) -> None:
        _add(connection)
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        database.write(work)
    assert _names(database) == []


def test_writes_of_a_reader_are_rolled_back(database: Database) -> None:
    with database.read() as connection:
        _add(connection)
    assert _names(database) == []


def test_an_error_of_the_work_is_not_retried(database: Database) -> None:
    runs = []

    def work(connection: Connection) -> None:
        runs.append(1)
        _add(connection)
        _add(connection)

    with pytest.raises(IntegrityError):
        database.write(work)
    assert runs == [1]


def test_sixteen_concurrent_writers_all_succeed(database: Database) -> None:
    race(16, lambda number: database.write(lambda connection: _add(connection, f"w{number:02}")))
    assert len(_names(database)) == 16


def test_an_invalid_statement_is_not_retried(database: Database) -> None:
    begun = time.monotonic()
    with pytest.raises((DatabaseError, ProgrammingError), match="nowhere"):
        database.write(lambda connection: connection.execute(text("SELECT * FROM nowhere")))
    assert time.monotonic() - begun < 2


def test_a_write_waits_for_a_locked_file(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "ebb.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")

        def let_go() -> None:
            time.sleep(0.5)
            other.execute("ROLLBACK")

        waiting = Thread(target=let_go)
        waiting.start()
        database.write(_add)
        waiting.join()
    assert _names(database) == ["w"]
    database.close()


def test_a_folder_for_the_file_is_made_and_one_that_cannot_be_is_named(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/a/b/ebb.db").close()
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatabaseError, match=r"cannot make the folder .*file.*EBB_HOME"):
        open_database(f"sqlite:///{tmp_path}/file/ebb.db")


def test_sqlite_has_durable_commits_and_checks_references(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/ebb.db")
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_on_sqlite_a_writer_locks_before_it_reads(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "ebb.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{path}")
    order: list[str] = []

    def second(_: Connection) -> None:
        order.append("second begins")

    def first(_: Connection) -> Thread:
        other = Thread(target=database.write, args=(second,))
        other.start()
        time.sleep(0.3)
        order.append("first ends")
        return other

    database.write(first).join()
    assert order == ["first ends", "second begins"]
    database.close()
