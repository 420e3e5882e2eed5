"""Artifacts, found by their digest; datasets, with their inferred schema; and results."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from store.clock import UtcTime, now
from store.tables.base import Digest, Id, Json, Name, metadata

artifacts = Table(
    "artifacts",
    metadata,
    Column("sha256", Digest, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
    # When the bytes were last stored, or a job that reads them was last submitted.
    Column("used_at", UtcTime, nullable=False, default=now()),
    # When the file was removed; NULL while it is there.
    Column("removed_at", UtcTime),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False),
    Column("sha256", Digest, ForeignKey("artifacts.sha256"), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("target", String(256), nullable=False),
    # Empty, not NULL, where no column names the customers: NULLs are not equal in a constraint.
    Column("id_column", String(256), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("schema", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
    # The id of the API key that stored it; empty on a server that asks for no key.
    Column("owner", String(100), nullable=False, default="", server_default=""),
    # When a caller deleted it; the row stays for the jobs and versions that name it.
    Column("deleted_at", UtcTime),
    Index(None, "owner"),
    # The delimiter, encoding and sheet that the upload named, as JSON; empty where it named none.
    Column("read_options", String(200), nullable=False, default="", server_default=""),
    UniqueConstraint("sha256", "media_type", "target", "id_column", "read_options"),
)

# The file of a scoring job.
results = Table(
    "results",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id"), primary_key=True),
    Column("sha256", Digest, ForeignKey("artifacts.sha256"), nullable=False),
    Column("deleted_at", UtcTime),
    Index(None, "sha256"),
)
