"""An idempotency key has one answer for a day. Other requests wait for the first one."""

import pytest
from sqlalchemy import Connection, event, update

from store.clock import now
from store.database import Database
from store.errors import IdempotencyError, InFlightError
from store.idempotency import (
    ABANDONED_SECONDS,
    KEPT_SECONDS,
    IdempotentRequest,
    StoredAnswer,
    release,
    renew,
    reserve,
    store_answer,
)
from store.tables import idempotent_answers

ANSWER = StoredAnswer(201, {"Location": "/here"}, b"made")


def ask(database: Database, request: IdempotentRequest) -> StoredAnswer | None:
    return database.write(lambda connection: reserve(connection, request))


def answer(database: Database, request: IdempotentRequest) -> None:
    database.write(lambda connection: store_answer(connection, request, ANSWER))


def grow_old(database: Database, seconds: float) -> None:
    database.write(lambda connection: connection.execute(update(idempotent_answers).values(created_at=now(-seconds))))


def test_the_same_request_gets_the_first_answer(database: Database) -> None:
    first = IdempotentRequest("ada", "k", "a" * 64)
    assert ask(database, first) is None
    with pytest.raises(InFlightError):
        ask(database, IdempotentRequest("ada", "k", "a" * 64))
    answer(database, first)
    assert ask(database, IdempotentRequest("ada", "k", "a" * 64)) == ANSWER
    with pytest.raises(IdempotencyError):
        ask(database, IdempotentRequest("ada", "k", "b" * 64))
    assert ask(database, IdempotentRequest("eve", "k", "b" * 64)) is None


def test_asking_again_after_a_lost_commit_finds_its_own_key(database: Database) -> None:
    request = IdempotentRequest("ada", "k", "a" * 64)
    assert ask(database, request) is None
    assert ask(database, request) is None


def test_a_refused_request_frees_only_its_own_key(database: Database) -> None:
    first, other = IdempotentRequest("ada", "k", "a" * 64), IdempotentRequest("ada", "k", "b" * 64)
    ask(database, first)
    database.write(lambda connection: release(connection, other))
    with pytest.raises(IdempotencyError):
        ask(database, other)
    database.write(lambda connection: release(connection, first))
    assert ask(database, other) is None


def test_a_key_whose_server_died_is_taken_over_and_the_dead_cannot_answer(database: Database) -> None:
    dead, alive = IdempotentRequest("ada", "k", "a" * 64), IdempotentRequest("ada", "k", "b" * 64)
    ask(database, dead)
    grow_old(database, ABANDONED_SECONDS + 1)
    assert ask(database, alive) is None
    answer(database, dead)
    with pytest.raises(InFlightError):
        ask(database, IdempotentRequest("ada", "k", "b" * 64))


def test_a_key_whose_request_is_still_being_answered_is_not_taken_over(database: Database) -> None:
    slow, other = IdempotentRequest("ada", "k", "a" * 64), IdempotentRequest("ada", "k", "a" * 64)
    ask(database, slow)
    grow_old(database, ABANDONED_SECONDS + 1)
    database.write(lambda connection: renew(connection, other))  # the heartbeat of another request does not count
    database.write(lambda connection: renew(connection, slow))
    with pytest.raises(InFlightError):
        ask(database, other)
    answer(database, slow)
    assert ask(database, other) == ANSWER


def test_after_a_day_a_key_is_new(database: Database) -> None:
    first = IdempotentRequest("ada", "k", "a" * 64)
    ask(database, first)
    answer(database, first)
    grow_old(database, KEPT_SECONDS + 1)
    assert ask(database, IdempotentRequest("ada", "k", "b" * 64)) is None


def test_a_key_released_during_the_check_is_checked_again(database: Database) -> None:
    first, second = IdempotentRequest("ada", "k", "a" * 64), IdempotentRequest("ada", "k", "a" * 64)
    ask(database, first)

    def give_up_first(connection: Connection, _: object, statement: str, *__: object) -> None:
        if statement.startswith("SELECT") and "idempotent_answers" in statement:
            connection.exec_driver_sql("DELETE FROM idempotent_answers")  # as a COMMIT of another in between

    event.listen(database.engine, "before_cursor_execute", give_up_first)
    try:
        with pytest.raises(InFlightError, match="ask again"):
            ask(database, second)
    finally:
        event.remove(database.engine, "before_cursor_execute", give_up_first)
