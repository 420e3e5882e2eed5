"""T1: a request for work becomes a row, before any message is sent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from store import audit
from store.clock import now
from store.datasets import use_dataset
from store.errors import IdempotencyError
from store.ids import new_id
from store.jobs.events import record
from store.jobs.queue_limit import check_queue_limit
from store.jobs.states import JobState
from store.quotas import read_quota
from store.tables import jobs
from store.upsert import upsert_into

UNITS = {"training": "epochs", "replay": "epochs", "scoring": "rows"}


@dataclass(frozen=True)
class Submission:
    """A request for work, already checked; `params` is what the worker will read.

    It has its job's id from the start, so that submitting it again after a COMMIT whose answer was lost adds no second.
    Of two jobs that wait, the one of the higher priority goes first.

    `asked` is what the client named where `params` holds what that stood for at the moment, such as an alias.

    Units: deadline in seconds after the submission.
    """

    kind: str
    model: str
    dataset_id: str
    params: Mapping[str, object]
    owner: str = ""
    idempotency_key: str | None = None
    priority: int = 0
    deadline_seconds: float | None = None
    retry_of: str | None = None
    asked: Mapping[str, object] | None = None
    job_id: str = field(default_factory=new_id)

    def request_sha256(self) -> str:
        """Return the digest by which a repeated idempotency key is told from a misused one."""
        request: list[object] = [self.kind, self.model, self.dataset_id, self.asked or self.params, self.retry_of]
        if (self.priority, self.deadline_seconds) != (0, None):  # or what the first release was sent has another digest
            request += [self.priority, self.deadline_seconds]
        return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()

    def told(self) -> Mapping[str, object]:
        """Return what the audit log says of it."""
        return {"kind": self.kind, "model": self.model, "dataset": self.dataset_id, "retry_of": self.retry_of}


@dataclass(frozen=True)
class Submitted:
    """The job that answers a submission; `replayed` when it was there before."""

    job_id: str
    replayed: bool


def submit(
    connection: Connection,
    submission: Submission,
    *,
    queue_limit: int | None = None,
    deadline_seconds: float | None = None,
    stored_bytes: int = 0,
) -> Submitted:
    """Insert the job, or find the one that the same owner made with the same idempotency key.

    The deadline is that of a job that names none, and the bytes that may be stored those of a key without a number.

    Raises: IdempotencyError when that key was used for another request; QueueFullError when the job is new and
    as many of its kind wait as may; ExpiredError where the bytes of the dataset were removed; QuotaError where
    the owner may store no result.
    """
    if (known := _known(connection, submission)) is not None:
        return known
    if queue_limit is not None:
        check_queue_limit(connection, submission.kind, queue_limit)
    use_dataset(connection, submission.dataset_id)
    if submission.kind == "scoring":
        read_quota(connection, submission.owner, default=stored_bytes).check(1)  # at least, of its result
    inserted = connection.execute(
        upsert_into(connection, jobs)
        .values(**_row(submission, submission.deadline_seconds or deadline_seconds))
        .on_conflict_do_nothing()
        .returning(jobs.c.id)
    ).first()
    if inserted is None:  # another request with the same key was first, just now
        known = _known(connection, submission)
        assert known is not None  # noqa: S101 - the insert found it
        return known
    record(connection, submission.job_id, JobState.QUEUED, 0)
    audit.record(connection, "job.submitted", submission.job_id, by=submission.owner, data=submission.told())
    return Submitted(submission.job_id, replayed=False)


def _known(connection: Connection, submission: Submission) -> Submitted | None:
    """Return the job that this submission, or one like it under the same key, became before."""
    if connection.execute(select(jobs.c.id).where(jobs.c.id == submission.job_id)).first() is not None:
        return Submitted(submission.job_id, replayed=False)
    if submission.idempotency_key is None:
        return None
    first = connection.execute(
        select(jobs.c.id, jobs.c.request_sha256).where(
            jobs.c.owner == submission.owner, jobs.c.idempotency_key == submission.idempotency_key
        )
    ).first()
    if first is None:
        return None
    digest = submission.request_sha256()
    if first.request_sha256 != digest:
        raise IdempotencyError(
            f"Idempotency-Key '{submission.idempotency_key}' was used for another request, job {first.id}; "
            "take a new key for a new request"
        )
    return Submitted(first.id, replayed=True)


def _row(submission: Submission, deadline_seconds: float | None) -> dict[str, Any]:
    return {
        "id": submission.job_id,
        "kind": submission.kind,
        "owner": submission.owner,
        "idempotency_key": submission.idempotency_key,
        "request_sha256": submission.request_sha256(),
        "model": submission.model,
        "dataset_id": submission.dataset_id,
        "retry_of": submission.retry_of,
        "priority": submission.priority,
        "params": dict(submission.params),
        "progress_unit": UNITS[submission.kind],
        "deadline_at": now(deadline_seconds) if deadline_seconds else None,
    }
