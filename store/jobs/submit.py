"""T1: a request for work becomes a row, before any message is sent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from store import audit
from store.errors import IdempotencyError
from store.ids import new_id
from store.inserts import insert_into
from store.jobs.events import record
from store.tables import jobs

UNITS = {"training": "epochs", "replay": "epochs", "scoring": "rows"}


@dataclass(frozen=True)
class Submission:
    """A request for work, already checked; `params` is what the worker will read.

    It has its job's id from the start, so that submitting it again after a COMMIT whose answer was lost adds no second.
    """

    kind: str
    model: str
    dataset_id: str
    params: Mapping[str, object]
    owner: str = ""
    idempotency_key: str | None = None
    deadline_at: datetime | None = None
    retry_of: str | None = None
    job_id: str = field(default_factory=new_id)

    def request_sha256(self) -> str:
        """Return the digest by which a repeated idempotency key is told from a misused one."""
        request = [self.kind, self.model, self.dataset_id, self.params, self.retry_of]
        return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()

    def told(self) -> Mapping[str, object]:
        """Return what the audit log says of it."""
        return {"kind": self.kind, "model": self.model, "dataset": self.dataset_id, "retry_of": self.retry_of}


@dataclass(frozen=True)
class Submitted:
    """The job that answers a submission; `replayed` when it was there before."""

    job_id: str
    replayed: bool


def submit(connection: Connection, submission: Submission) -> Submitted:
    """Insert the job, or find the one that the same owner made with the same idempotency key.

    Raises: IdempotencyError when that key was used for another request.
    """
    digest = submission.request_sha256()
    statement = (
        insert_into(connection, jobs)
        .values(
            id=submission.job_id,
            kind=submission.kind,
            owner=submission.owner,
            idempotency_key=submission.idempotency_key,
            request_sha256=digest,
            model=submission.model,
            dataset_id=submission.dataset_id,
            params=dict(submission.params),
            progress_unit=UNITS[submission.kind],
            deadline_at=submission.deadline_at,
            retry_of=submission.retry_of,
        )
        .on_conflict_do_nothing()
        .returning(jobs.c.id)
    )
    if connection.execute(statement).first() is not None:
        record(connection, submission.job_id, "queued", 0)
        audit.record(connection, "job.submitted", submission.job_id, by=submission.owner, data=submission.told())
        return Submitted(submission.job_id, replayed=False)
    if connection.execute(select(jobs.c.id).where(jobs.c.id == submission.job_id)).first() is not None:
        return Submitted(submission.job_id, replayed=False)
    first = connection.execute(
        select(jobs.c.id, jobs.c.request_sha256).where(
            jobs.c.owner == submission.owner, jobs.c.idempotency_key == submission.idempotency_key
        )
    ).one()
    if first.request_sha256 != digest:
        raise IdempotencyError(
            f"Idempotency-Key '{submission.idempotency_key}' was used for another request, job {first.id}; "
            "take a new key for a new request"
        )
    return Submitted(first.id, replayed=True)
