"""The append-only log of what happened to a job, written in the transaction in which it happened."""

from collections.abc import Mapping

from sqlalchemy import Connection, insert

from store.tables import job_events


def record(
    connection: Connection, job_id: str, event: str, token: int, data: Mapping[str, object] | None = None
) -> None:
    """Append one event."""
    connection.execute(insert(job_events).values(job_id=job_id, event=event, token=token, data=dict(data or {})))
