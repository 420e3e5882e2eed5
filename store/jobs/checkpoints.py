"""A job's checkpoint: one at most, and none once the job has ended, for only the same job could go on from it."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from store.tables import checkpoints

MOST_BYTES = 2**27
"""The largest checkpoint, and the largest estimator: PostgreSQL takes 10 s for so much in one field, and 35 s for twice
as much, which is longer than a lease."""


@dataclass(frozen=True)
class CheckpointRow:
    """A job's resumable state as bytes, with their digest."""

    epoch: int
    state: bytes
    sha256: str


def get_checkpoint(connection: Connection, job_id: str) -> Row[Any] | None:
    """Return the job's last checkpoint, if it has one."""
    return connection.execute(select(checkpoints).where(checkpoints.c.job_id == job_id)).first()


def put_checkpoint(connection: Connection, job_id: str, token: int, checkpoint: CheckpointRow) -> None:
    """Keep this checkpoint in place of the last."""
    drop_checkpoint(connection, job_id)
    connection.execute(insert(checkpoints).values(job_id=job_id, token=token, **asdict(checkpoint)))


def drop_checkpoint(connection: Connection, job_id: str) -> None:
    """Delete the job's checkpoint, if it has one."""
    connection.execute(delete(checkpoints).where(checkpoints.c.job_id == job_id))
