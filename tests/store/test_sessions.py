"""Sessions of browsers, on SQLite and on PostgreSQL with the rights of the service."""

import pytest

from store.audit import list_audit
from store.database import Connection, Database
from store.keys import create_key, new_key, revoke_key
from store.sessions import NO_SESSION, close_session, find_session, new_token, open_session, touch_session


@pytest.fixture
def key_id(database: Database) -> str:
    key = new_key()
    database.write(lambda connection: create_key(connection, "reader", ["read"], None, key))
    return key.split("_")[1]


@pytest.mark.parametrize("read_only", [True, False])
def test_a_session_has_the_scopes_of_its_key_until_logout(database: Database, key_id: str, read_only: bool) -> None:
    token = new_token()

    def work(connection: Connection) -> None:
        for _ in range(2):  # the answer of the first commit may be lost
            open_session(connection, token, key_id, read_only=read_only)
        touch_session(connection, token, key_id)

    database.write(work)
    with database.read() as connection:
        found = find_session(connection, token)
        assert (found.caller.key_id, found.caller.scopes, found.read_only) == (key_id, {"read"}, read_only)
        assert find_session(connection, new_token()) is NO_SESSION
    for _ in range(2):
        database.write(lambda connection: close_session(connection, token))
    with database.read() as connection:
        assert find_session(connection, token) is NO_SESSION
        actions = [line.action for line in list_audit(connection, page_size=10).rows]
    assert [action for action in actions if action.startswith("session.")] == ["session.closed", "session.opened"]


def test_a_session_ends_with_its_key(database: Database, key_id: str) -> None:
    token = new_token()
    database.write(lambda connection: open_session(connection, token, key_id, read_only=False))
    database.write(lambda connection: revoke_key(connection, key_id))
    with database.read() as connection:
        assert find_session(connection, token) is NO_SESSION
