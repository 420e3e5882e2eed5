"""The audit log: lines are added and never changed or removed."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from store.audit import list_audit, record_action
from store.database import Database


def lines(database: Database, **wanted: str) -> list[tuple[str, str, str]]:
    with database.read() as connection:
        return [(row.actor, row.action, row.subject) for row in list_audit(connection, page_size=9, **wanted).rows]


@pytest.fixture
def told(owner: Database) -> Database:
    """A log of three lines, opened with all rights."""
    for by, action in (("ada", "job.submitted"), ("ada", "alias.moved"), ("", "job.submitted")):
        owner.write(lambda connection, by=by, action=action: record_action(connection, action, "churn", by=by))
    return owner


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'eve'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE id = 1",
        (
            "INSERT OR REPLACE INTO audit_log (id, at, actor, action, subject, data) "
            "VALUES (1, '2026-01-01', 'eve', 'x', 'y', '{}')"
        ),
        "TRUNCATE audit_log",
    ],
)
def test_no_line_can_be_changed_or_removed(told: Database, statement: str) -> None:
    before = lines(told)
    with pytest.raises(DBAPIError), told.engine.begin() as connection:
        connection.execute(text(statement))
    assert lines(told) == before
    assert len(before) == 3


def test_the_error_of_the_database_has_the_reason(told: Database) -> None:
    with pytest.raises(DBAPIError, match="append-only"), told.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_log"))


def test_a_line_is_committed_with_its_action(database: Database) -> None:
    def undone(connection: object) -> None:
        record_action(connection, "alias.moved", "churn/champion", by="ada")
        raise LookupError

    with pytest.raises(LookupError):
        database.write(undone)
    assert lines(database) == []


def test_it_is_read_from_the_latest_by_action_and_by_actor(told: Database) -> None:
    assert lines(told) == [
        ("local", "job.submitted", "churn"),
        ("ada", "alias.moved", "churn"),
        ("ada", "job.submitted", "churn"),
    ]
    assert lines(told, actor="local") == [("local", "job.submitted", "churn")]
    assert lines(told, action="job.submitted", actor="ada") == [("ada", "job.submitted", "churn")]


def test_it_comes_in_pages(told: Database) -> None:
    with told.read() as connection:
        first = list_audit(connection, page_size=2)
        second = list_audit(connection, page_size=2, page_token=first.next_token)
    assert [len(first.rows), len(second.rows), second.next_token] == [2, 1, None]
