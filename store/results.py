"""The results of scoring jobs: each is an artifact, found by its job."""

from typing import Any

from sqlalchemy import Connection, select

from store.artifacts import Artifact
from store.datasets import note_artifact
from store.errors import ExpiredError
from store.tables import artifacts, results
from store.upsert import upsert_into


def add_result(connection: Connection, job_id: str, artifact: Artifact) -> None:
    """Record that these bytes are the job's result."""
    note_artifact(connection, artifact)
    added = upsert_into(connection, results).values(job_id=job_id, sha256=artifact.sha256)
    connection.execute(added.on_conflict_do_nothing())


def check_result(connection: Connection, job_id: str) -> None:
    """Check that the job's result was neither deleted nor removed by retention.

    Raises: ExpiredError.
    """
    query = select(artifacts.c.removed_at, results.c.deleted_at).join(results).where(results.c.job_id == job_id)
    row: Any = connection.execute(query).first()
    if row is not None and row.deleted_at is not None:
        raise ExpiredError(
            f"the result of job {job_id} was deleted at {row.deleted_at:%Y-%m-%d %H:%M} UTC; submit the scoring again"
        )
    if row is not None and row.removed_at is not None:
        raise ExpiredError(
            f"the result of job {job_id} was removed at {row.removed_at:%Y-%m-%d %H:%M} UTC, after the time that "
            "results are kept (EBB_RESULT_DAYS); submit the scoring again"
        )
