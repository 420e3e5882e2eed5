"""The TTL cache: values of at most half a second, and none during a longer outage of the database."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.edge.ttl_cache import TtlCache
from store.database import Connection, Database
from store.errors import DatabaseError


def ask(connection: Connection, name: str) -> str | None:
    return connection.execute(text("SELECT moved_by FROM alias_moves WHERE alias = :name"), {"name": name}).scalar()


@pytest.fixture
def say(database: Database) -> Callable[[str], None]:
    """Set the answer of the database."""

    def put(answer: str) -> None:
        columns = "(model, alias, revision, to_version, moved_by, moved_at)"
        row = f"('m', 'champion', 1, 1, '{answer}', '2026-01-01 00:00:00.000000+00')"
        database.write(lambda connection: connection.execute(text("DELETE FROM alias_moves")))
        database.write(lambda connection: connection.execute(text(f"INSERT INTO alias_moves {columns} VALUES {row}")))

    return put


def test_a_value_is_used_up_to_its_maximum_age(database: Database, say: Callable[[str], None]) -> None:
    say("first")
    cache = TtlCache(database, ask, seconds=0.4)
    assert cache.get("champion") == "first"
    said_at = time.monotonic()
    say("second")
    while True:
        asked_at = time.monotonic()
        if cache.get("champion") == "second":
            break
        assert asked_at - said_at <= 0.4


def test_a_forgotten_value_is_fetched_at_once(database: Database, say: Callable[[str], None]) -> None:
    say("first")
    cache = TtlCache(database, ask, seconds=60)
    cache.get("champion")
    say("second")
    assert cache.get("champion") == "first"
    cache.forget("champion")
    assert cache.get("champion") == "second"


def test_a_delayed_value_does_not_overwrite_a_later_one(database: Database, say: Callable[[str], None]) -> None:
    def slowly(connection: Connection, name: str) -> str | None:
        answer = ask(connection, name)
        if answer == "first":
            say("second")
            assert cache.get(name) == "second", "another thread looks meanwhile"
        return answer

    say("first")
    cache: TtlCache[str, str] = TtlCache(database, slowly, seconds=60)
    assert cache.get("champion") == "first"
    assert cache.get("champion") == "second"


def test_an_absent_value_is_not_cached(database: Database, say: Callable[[str], None]) -> None:
    cache = TtlCache(database, ask, seconds=60)
    assert cache.get("champion") is None
    say("here")
    assert cache.get("champion") == "here"


def test_during_a_long_outage_the_cache_returns_no_old_value(database: Database, say: Callable[[str], None]) -> None:
    say("first")
    away = False

    def look(connection: Connection, name: str) -> str | None:
        if away:
            raise OperationalError("SELECT", {}, Exception("the server closed the connection"))
        return ask(connection, name)

    cache = TtlCache(database, look, seconds=0.3)
    assert cache.get("champion") == "first"
    away = True
    time.sleep(0.35)
    with pytest.raises(DatabaseError):
        cache.get("champion")
