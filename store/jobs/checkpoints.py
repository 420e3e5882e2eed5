"""Checkpoints: at most one for each unfinished job, which alone can resume from it."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from store.rows import columns_of, read_first
from store.tables import checkpoints

MOST_BYTES = 2**27
"""The largest checkpoint and estimator: PostgreSQL takes 10 s to store one such field, and 35 s for twice as much,
which is longer than a lease."""


@dataclass(frozen=True)
class CheckpointRow:
    """A job's resumable state as bytes, with their digest."""

    epoch: int
    state: bytes
    sha256: str


def get_checkpoint(connection: Connection, job_id: str) -> CheckpointRow | None:
    """Return the job's last checkpoint, if it has one."""
    query = select(*columns_of(CheckpointRow, checkpoints)).where(checkpoints.c.job_id == job_id)
    return read_first(connection, CheckpointRow, query)


def put_checkpoint(connection: Connection, job_id: str, token: int, checkpoint: CheckpointRow) -> None:
    """Store this checkpoint in place of the last."""
    drop_checkpoint(connection, job_id)
    connection.execute(insert(checkpoints).values(job_id=job_id, token=token, **asdict(checkpoint)))


def drop_checkpoint(connection: Connection, job_id: str) -> None:
    """Delete the job's checkpoint, if it has one."""
    connection.execute(delete(checkpoints).where(checkpoints.c.job_id == job_id))
