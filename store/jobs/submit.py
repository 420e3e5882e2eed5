"""T1: a submission becomes a row before any message is sent."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from store.audit import record_action
from store.clock import now
from store.datasets import use_dataset
from store.errors import IdempotencyError
from store.ids import new_id
from store.job_states import JobState
from store.jobs.events import record_event
from store.jobs.queue_limit import check_queue_limit
from store.quotas import read_quota
from store.registry.versions import hold_version
from store.settings import Settings
from store.tables import jobs
from store.upsert import upsert_into

UNITS = {"training": "epochs", "replay": "epochs", "scoring": "rows", "sweep": "epochs", "evaluation": "rows"}


@dataclass(frozen=True)
class Submission:
    """A checked request for work; the worker reads `params`.

    It carries its job's id, so that submitting it again after a COMMIT whose answer was lost adds no second job. Jobs
    of a higher priority start first. `asked` holds the request's own parameters where `params` differ from them: of an
    alias, `params` hold the version that it pointed at.

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
        """Return the digest of the request, which finds an idempotency key that is used for two requests."""
        request: list[object] = [self.kind, self.model, self.dataset_id, self.asked or self.params, self.retry_of]
        if self.priority != 0 or self.deadline_seconds is not None:  # else as in the first release
            request += [self.priority, self.deadline_seconds]
        return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()

    def datasets(self) -> Sequence[str]:
        """Return the datasets that the job reads, in ascending order, in which their files are locked."""
        gate = self.params.get("gate")
        holdout = gate.get("dataset") if isinstance(gate, Mapping) else None
        return sorted({self.dataset_id} if holdout is None else {self.dataset_id, str(holdout)})

    def audit_data(self) -> Mapping[str, object]:
        """Return the data of the audit log's line."""
        return {"kind": self.kind, "model": self.model, "dataset": self.dataset_id, "retry_of": self.retry_of}


@dataclass(frozen=True)
class Submitted:
    """The job of a submission; `replayed` where an earlier request with the same idempotency key made it."""

    job_id: str
    replayed: bool


@dataclass(frozen=True)
class SubmitLimits:
    """The limits of a submission by the settings: those of a submission or of a key come before the last two."""

    queue_limit: int | None = None
    deadline_seconds: float | None = None
    stored_bytes: int = 0

    @classmethod
    def of(cls, settings: Settings) -> "SubmitLimits":
        """Return the limits of the settings."""
        return cls(settings.queue_limit, settings.deadline_seconds or None, settings.stored_bytes)


NO_LIMITS = SubmitLimits()


def submit(connection: Connection, submission: Submission, limits: SubmitLimits = NO_LIMITS) -> Submitted:
    """Insert the job, or find the one that the same owner submitted with the same idempotency key.

    Raises: IdempotencyError when that key was used for another request; QueueFullError when the job is new and the
    queue of its kind is full; ExpiredError where the bytes of a dataset were removed; NotFoundError where the version
    was deleted; QuotaError where the owner may store no result.
    """
    if (known := _known(connection, submission)) is not None:
        return known
    if limits.queue_limit is not None:
        check_queue_limit(connection, submission.kind, limits.queue_limit)
    for dataset_id in submission.datasets():
        use_dataset(connection, dataset_id)
    if "version" in submission.params:
        hold_version(connection, submission.model, int(str(submission.params["version"])))
    if submission.kind == "scoring":
        read_quota(connection, submission.owner, default=limits.stored_bytes).check(1)  # the result has at least a byte
    inserted = connection.execute(
        upsert_into(connection, jobs)
        .values(**_row(submission, submission.deadline_seconds or limits.deadline_seconds))
        .on_conflict_do_nothing()
        .returning(jobs.c.id)
    ).first()
    if inserted is None:  # a concurrent request with the same key was first
        known = _known(connection, submission)
        assert known is not None  # noqa: S101 - the insert found it
        return known
    record_event(connection, submission.job_id, JobState.QUEUED, 0)
    record_action(connection, "job.submitted", submission.job_id, by=submission.owner, data=submission.audit_data())
    return Submitted(submission.job_id, replayed=False)


def _known(connection: Connection, submission: Submission) -> Submitted | None:
    """Return the job of this submission, or of an earlier one with the same key, if there is one."""
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
