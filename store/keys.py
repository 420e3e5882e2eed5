"""API keys: shown once, stored as a hash, compared in constant time.

A key reads `ebb_<id>_<secret>`. Its secret has 192 random bits, so one SHA-256 suffices; slow hashes are for passwords
that people choose.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, or_, select, update

from store.audit import record_action
from store.clock import now
from store.errors import NotFoundError
from store.rows import KeyRow, columns_of, read_all
from store.tables import api_keys

KEY = re.compile(r"ebb_([0-9a-f]{8})_([0-9a-f]{48})")
Scope = Literal["score", "read", "train", "promote", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True)
class Caller:
    """A caller: the key's scopes (`admin` includes all) and its rate limit, None where the key has none of its own."""

    key_id: str
    scopes: frozenset[str]
    requests_per_minute: int | None = None

    def may(self, scope: str) -> bool:
        """Return whether the caller has this scope."""
        return scope in self.scopes or "admin" in self.scopes


def new_key() -> str:
    """Return a new key, which is not stored yet."""
    return f"ebb_{secrets.token_hex(4)}_{secrets.token_hex(24)}"


def create_key(  # noqa: PLR0913 - what a key is, and who makes it
    connection: Connection,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    key: str | None = None,
    *,
    requests_per_minute: int | None = None,
    stored_bytes: int | None = None,
    by: str = "",
) -> str:
    """Store a new key's hash and return the key, which cannot be read again.

    With a `key` made by `new_key` outside the transaction, a retried transaction adds only one.

    Raises: ValueError for a scope that does not exist, or none at all.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        problem = f"unknown scopes {', '.join(unknown)}" if unknown else "a key needs a scope"
        raise ValueError(f"{problem}; choose from {', '.join(SCOPES)}")
    key = key or new_key()
    _, key_id, secret = key.split("_")
    if find_caller(connection, key) is None:
        connection.execute(
            insert(api_keys).values(
                id=key_id,
                name=name,
                secret_sha256=_hash(secret),
                scopes=sorted(set(scopes)),
                expires_at=expires_at,
                requests_per_minute=requests_per_minute,
                stored_bytes=stored_bytes,
            )
        )
        record_action(connection, "key.created", key_id, by=by, data={"name": name, "scopes": sorted(set(scopes))})
    return key


def find_caller(connection: Connection, key: str) -> Caller | None:
    """Return the caller of this key; None if it is unknown, expired or revoked."""
    parts = KEY.fullmatch(key)
    if parts is None:
        return None
    key_id, secret = parts.groups()
    row = connection.execute(select(api_keys).where(api_keys.c.id == key_id, is_valid())).first()
    # An unknown id costs the same comparison as a known one.
    expected = row.secret_sha256 if row is not None else _hash("")
    if not hmac.compare_digest(_hash(secret), expected) or row is None:
        return None
    return Caller(row.id, frozenset(row.scopes), row.requests_per_minute)


def may_still(connection: Connection, key_id: str, scope: str) -> bool:
    """Return whether a key is valid now and has this scope; an empty id means a caller without a key."""
    if not key_id:
        return True
    row = connection.execute(select(api_keys.c.scopes).where(api_keys.c.id == key_id, is_valid())).first()
    return row is not None and Caller(key_id, frozenset(row.scopes)).may(scope)


def valid_ids(connection: Connection) -> frozenset[str]:
    """Return the ids of the keys that are valid now."""
    return frozenset(connection.execute(select(api_keys.c.id).where(is_valid())).scalars())


def touch_key(connection: Connection, key_id: str) -> None:
    """Record that the key was used now."""
    connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now()))


def list_keys(connection: Connection) -> Sequence[KeyRow]:
    """Return every key without its hash, the oldest first."""
    query = select(*columns_of(KeyRow, api_keys)).order_by(api_keys.c.created_at, api_keys.c.id)
    return read_all(connection, KeyRow, query)


def revoke_key(connection: Connection, key_id: str, *, by: str = "") -> None:
    """Revoke a key, unless it is revoked already.

    Raises: NotFoundError.
    """
    valid = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
    if connection.execute(update(api_keys).where(valid).values(revoked_at=now())).rowcount:
        record_action(connection, "key.revoked", key_id, by=by)
    elif connection.execute(select(api_keys.c.id).where(api_keys.c.id == key_id)).first() is None:
        raise NotFoundError(f"there is no key '{key_id}'; `ebb keys list` names them")


def any_key(connection: Connection) -> bool:
    """Return whether any key is valid now."""
    return connection.execute(select(api_keys.c.id).where(is_valid()).limit(1)).first() is not None


def is_valid() -> Any:
    """Return the condition that a key is neither expired nor revoked."""
    unexpired = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now())
    return api_keys.c.revoked_at.is_(None) & unexpired


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
