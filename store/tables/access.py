"""Who may call: API keys, of which only a hash is kept."""

from sqlalchemy import Column, String, Table

from store.clock import UtcTime, now
from store.tables.base import Digest, Json, Name, metadata

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
)
