"""An idempotency key has one answer for a day. Other requests wait for the first one."""

import pytest
from sqlalchemy import Connection, event, update

from store.clock import now
from store.database import Database
from store.errors import IdempotencyError, InFlightError
from store.idempotency import ABANDONED_SECONDS, KEPT_SECONDS, Answer, Request, begin, give_up, keep, renew
from store.tables import idempotent_answers

ANSWER = Answer(201, {"Location": "/here"}, b"made")


def ask(database: Database, request: Request) -> Answer | None:
    return database.write(lambda connection: begin(connection, request))


def answer(database: Database, request: Request) -> None:
    database.write(lambda connection: keep(connection, request, ANSWER))


def grow_old(database: Database, seconds: float) -> None:
    database.write(lambda connection: connection.execute(update(idempotent_answers).values(created_at=now(-seconds))))


def test_the_same_request_gets_the_first_answer(database: Database) -> None:
    first = Request("ada", "k", "a" * 64)
    assert ask(database, first) is None
    with pytest.raises(InFlightError):
        ask(database, Request("ada", "k", "a" * 64))
    answer(database, first)
    assert ask(database, Request("ada", "k", "a" * 64)) == ANSWER
    with pytest.raises(IdempotencyError):
        ask(database, Request("ada", "k", "b" * 64))
    assert ask(database, Request("eve", "k", "b" * 64)) is None


def test_asking_again_after_a_lost_commit_finds_its_own_key(database: Database) -> None:
    request = Request("ada", "k", "a" * 64)
    assert ask(database, request) is None
    assert ask(database, request) is None


def test_a_refused_request_frees_only_its_own_key(database: Database) -> None:
    first, other = Request("ada", "k", "a" * 64), Request("ada", "k", "b" * 64)
    ask(database, first)
    database.write(lambda connection: give_up(connection, other))
    with pytest.raises(IdempotencyError):
        ask(database, other)
    database.write(lambda connection: give_up(connection, first))
    assert ask(database, other) is None


def test_a_key_whose_server_died_is_taken_over_and_the_dead_cannot_answer(database: Database) -> None:
    dead, alive = Request("ada", "k", "a" * 64), Request("ada", "k", "b" * 64)
    ask(database, dead)
    grow_old(database, ABANDONED_SECONDS + 1)
    assert ask(database, alive) is None
    answer(database, dead)
    with pytest.raises(InFlightError):
        ask(database, Request("ada", "k", "b" * 64))


def test_a_key_whose_request_is_still_being_answered_is_not_taken_over(database: Database) -> None:
    slow, other = Request("ada", "k", "a" * 64), Request("ada", "k", "a" * 64)
    ask(database, slow)
    grow_old(database, ABANDONED_SECONDS + 1)
    database.write(lambda connection: renew(connection, other))  # the heartbeat of another request does not count
    database.write(lambda connection: renew(connection, slow))
    with pytest.raises(InFlightError):
        ask(database, other)
    answer(database, slow)
    assert ask(database, other) == ANSWER


def test_after_a_day_a_key_is_new(database: Database) -> None:
    first = Request("ada", "k", "a" * 64)
    ask(database, first)
    answer(database, first)
    grow_old(database, KEPT_SECONDS + 1)
    assert ask(database, Request("ada", "k", "b" * 64)) is None


def test_a_key_released_during_the_check_is_checked_again(database: Database) -> None:
    first, second = Request("ada", "k", "a" * 64), Request("ada", "k", "a" * 64)
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
