"""API keys and browser sessions (of which only hashes are stored), the audit log, and answers of idempotency keys."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from store.clock import UtcTime, now
from store.tables.base import Digest, Id, Json, Name, Serial, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Name, nullable=False),
    Column("secret_sha256", Digest, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("requests_per_minute", Integer),
    # How many bytes the key may store, instead of EBB_STORED_BYTES; 0 for no limit.
    Column("stored_bytes", BigInteger),
)

browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("token_sha256", Digest, primary_key=True),
    Column("key_id", String(16), ForeignKey(api_keys.c.id), nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
    Column("expires_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, default=now()),
    Index(None, "key_id"),
    Index(None, "expires_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcTime, nullable=False, default=now()),
    Column("actor", String(100), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("data", Json, nullable=False),
    Column("request_id", String(128)),
    Index(None, "action", "id"),
    Index(None, "actor", "id"),
)

# A job's row holds its idempotency key; the answers of all other requests that create something are stored here.
idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("owner", String(100), primary_key=True),
    Column("idempotency_key", String(255), primary_key=True),
    Column("request_sha256", Digest, nullable=False),
    # The id of the request that answers: only that one may store its answer.
    Column("request", Id, nullable=False),
    # NULL while the first request has no answer yet.
    Column("status", Integer),
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("created_at", UtcTime, nullable=False, default=now()),
    Index(None, "created_at"),
)
