"""Browser sessions: a random token for a key, stored as a hash, until logout, expiry or the key's revocation.

A session has the scopes of its key, or may only read. The token has 256 random bits, so one SHA-256 suffices.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, case, delete, insert, select, update

from store.audit import record_action
from store.clock import now
from store.keys import Caller, is_valid, touch_key
from store.tables import api_keys, browser_sessions

SESSION_SECONDS = 12 * 3600.0
IDLE_SECONDS = 3600.0
TOUCH_SECONDS = 60.0
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class BrowserSession:
    """A session: its key, whether it may only read, and whether its last use was recorded a while ago."""

    caller: Caller
    read_only: bool
    touch_due: bool = False


NO_SESSION = BrowserSession(Caller("", frozenset()), read_only=True)


def new_token() -> str:
    """Return a new token, which is not stored yet."""
    return secrets.token_urlsafe(32)


def open_session(connection: Connection, token: str, key_id: str, *, read_only: bool) -> None:
    """Store a new session for a key, and remove those that have expired."""
    known = select(browser_sessions.c.key_id).where(browser_sessions.c.token_sha256 == digest_of(token))
    if connection.execute(known).first() is not None:
        return  # the answer of the first commit was lost
    connection.execute(delete(browser_sessions).where(browser_sessions.c.expires_at < now()))
    row = {"token_sha256": digest_of(token), "key_id": key_id, "read_only": read_only}
    connection.execute(insert(browser_sessions).values(**row, expires_at=now(SESSION_SECONDS)))
    touch_key(connection, key_id)
    record_action(connection, "session.opened", key_id, by=key_id, data={"read_only": read_only})


def find_session(connection: Connection, token: str) -> BrowserSession:
    """Return the session of this token; NO_SESSION if it is unknown or over, or its key expired or was revoked."""
    if not TOKEN.fullmatch(token):
        return NO_SESSION
    session, key = browser_sessions.c, api_keys.c
    due = case((session.seen_at < now(-TOUCH_SECONDS), 1), else_=0)
    row = connection.execute(
        select(key.id, key.scopes, key.requests_per_minute, session.read_only, due.label("due"))
        .join(api_keys, key.id == session.key_id)
        .where(session.token_sha256 == digest_of(token), is_valid())
        .where(session.expires_at > now(), session.seen_at > now(-IDLE_SECONDS))
    ).first()
    if row is None:
        return NO_SESSION
    return BrowserSession(Caller(row.id, frozenset(row.scopes), row.requests_per_minute), row.read_only, bool(row.due))


def touch_session(connection: Connection, token: str, key_id: str) -> None:
    """Record that the session and its key were used now."""
    mine = browser_sessions.c.token_sha256 == digest_of(token)
    connection.execute(update(browser_sessions).where(mine).values(seen_at=now()))
    touch_key(connection, key_id)


def close_session(connection: Connection, token: str) -> None:
    """End the session of this token, if there is one."""
    mine = browser_sessions.c.token_sha256 == digest_of(token)
    key_id = connection.execute(select(browser_sessions.c.key_id).where(mine)).scalar_one_or_none()
    if key_id is not None and connection.execute(delete(browser_sessions).where(mine)).rowcount:
        record_action(connection, "session.closed", key_id, by=key_id)


def is_open(connection: Connection, digest: str) -> bool:
    """Return whether the session of this token's digest was neither ended nor has expired; it may be idle."""
    session = browser_sessions.c
    query = select(session.key_id).where(session.token_sha256 == digest, session.expires_at > now())
    return connection.execute(query).first() is not None


def digests(connection: Connection) -> frozenset[str]:
    """Return the digests of the tokens of all sessions that have not expired."""
    open_now = browser_sessions.c.expires_at > now()
    return frozenset(connection.execute(select(browser_sessions.c.token_sha256).where(open_now)).scalars())


def digest_of(token: str) -> str:
    """Return the digest of a token, which is stored in its place."""
    return hashlib.sha256(token.encode()).hexdigest()
