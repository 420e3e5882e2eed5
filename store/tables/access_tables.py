"""API keys (of which only a hash is stored), the audit log, and the answers of idempotency keys."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

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
