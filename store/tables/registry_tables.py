"""Registered models, their immutable versions, and aliases with their moves."""

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from store.clock import UtcTime, now
from store.tables.base import Digest, Id, Json, Name, Serial, metadata

models = Table(
    "models",
    metadata,
    Column("name", Name, primary_key=True),
    # Incremented by the transaction that adds a version, so that numbers have no gaps.
    Column("last_version", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False, default=now()),
)

versions = Table(
    "versions",
    metadata,
    Column("model", Name, ForeignKey("models.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("job_id", Id, ForeignKey("jobs.id"), nullable=False),
    Column("dataset_id", Id, ForeignKey("datasets.id"), nullable=False),
    Column("data_sha256", Digest, nullable=False),
    Column("spec", Json, nullable=False),
    Column("columns", Json, nullable=False),
    Column("metrics", Json, nullable=False),
    Column("environment", Json, nullable=False),
    # The whole estimator (columns, standardization, network) as safetensors, and the digest of these bytes.
    Column("estimator", LargeBinary, nullable=False),
    Column("weights_sha256", Digest, nullable=False),
    # Digests of the rows that the version has seen; NULL in versions of earlier releases.
    Column("seen_rows", LargeBinary),
    Column("created_at", UtcTime, nullable=False, default=now()),
    UniqueConstraint("job_id"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("model", Name, primary_key=True),
    Column("alias", Name, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("moved_at", UtcTime, nullable=False, default=now()),
    ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"]),
)

alias_moves = Table(
    "alias_moves",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("model", Name, nullable=False),
    Column("alias", Name, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("from_version", Integer),
    Column("to_version", Integer, nullable=False),
    Column("moved_by", String(100), nullable=False),
    Column("moved_at", UtcTime, nullable=False, default=now()),
    # The revision that a rollback undid; NULL for a move forward.
    Column("undoes", Integer),
    # Unique to the request that asked for the move: it finds a COMMIT whose answer was lost.
    Column("request", Id),
    # The training that moved it for the key in moved_by; NULL for a move by hand.
    Column("job_id", Id, ForeignKey("jobs.id")),
    UniqueConstraint("model", "alias", "revision"),
)
