"""Uploaded tables: the bytes, found by their digest, and what was inferred from them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from store.clock import UtcTime, now
from store.tables.base import Digest, Id, Json, Name, metadata

artifacts = Table(
    "artifacts",
    metadata,
    Column("sha256", Digest, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False),
    Column("sha256", Digest, ForeignKey("artifacts.sha256"), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("target", String(256), nullable=False),
    # Empty rather than NULL where no column names the customers: NULLs would not count as equal in the constraint.
    Column("id_column", String(256), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("schema", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
    UniqueConstraint("sha256", "media_type", "target", "id_column"),
)
