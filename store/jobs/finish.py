"""T5 and T6: the owner ends a job, in one transaction with the job's result."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from store.clock import now
from store.job_states import JobState
from store.jobs.checkpoints import drop_checkpoint
from store.jobs.claim import Claim
from store.jobs.events import record_event
from store.jobs.fence import write_fenced
from store.registry.aliases import NotPromoted, Promotion, promote
from store.registry.versions import NewVersion, add_version, note_metric
from store.tables import jobs, versions

ENDED: dict[str, Any] = {"lease_until": None, "finished_at": now()}


def succeed_training(
    connection: Connection,
    claim: Claim,
    version: NewVersion,
    promotion: Promotion | NotPromoted | None = None,
    facts: Mapping[str, object] | None = None,
) -> int:
    """End the job as succeeded, add its version, move the alias if asked to, and return the version's number.

    The job's result holds the given facts beside the version and the promotion.

    Called again after a COMMIT whose answer was lost, it finds that version instead of adding another.

    Raises: LeaseLostError when the claim is gone or cancellation was requested.
    """
    done = connection.execute(
        select(versions.c.version)
        .join(jobs, jobs.c.id == versions.c.job_id)
        .where(jobs.c.id == claim.job_id, jobs.c.state == JobState.SUCCEEDED, jobs.c.token == claim.token)
    ).scalar_one_or_none()
    if done is not None:
        return int(done)
    write_fenced(connection, claim, {**ENDED, "state": JobState.SUCCEEDED}, jobs.c.cancel_requested.is_(False))
    number = add_version(connection, claim.job_id, version)
    asked = isinstance(promotion, Promotion)
    reason = promote(connection, claim.job_id, number, promotion) if isinstance(promotion, Promotion) else None
    outcome: dict[str, object] = {"promoted": asked and reason is None} | ({"reason": reason} if reason else {})
    result: dict[str, object] = {"model": version.model, "version": number, **outcome, **(facts or {})}
    if promotion is not None and promotion.gate is not None:
        gate = {**promotion.gate, **outcome}
        result["gate"] = gate
        note_metric(connection, version, number, "gate", gate)
    connection.execute(jobs.update().where(jobs.c.id == claim.job_id).values(result=result))
    drop_checkpoint(connection, claim.job_id)
    record_event(connection, claim.job_id, JobState.SUCCEEDED, claim.token, result)
    return number


def succeed(connection: Connection, claim: Claim, result: Mapping[str, object]) -> None:
    """End the job as succeeded with this result.

    Called again after a COMMIT whose answer was lost, it finds that the job has succeeded.

    Raises: LeaseLostError when the claim is gone or cancellation was requested.
    """
    ended = (jobs.c.id == claim.job_id, jobs.c.state == JobState.SUCCEEDED, jobs.c.token == claim.token)
    if connection.execute(select(jobs.c.id).where(*ended)).first() is not None:
        return
    values = {**ENDED, "state": JobState.SUCCEEDED, "result": dict(result)}
    write_fenced(connection, claim, values, jobs.c.cancel_requested.is_(False))
    drop_checkpoint(connection, claim.job_id)
    record_event(connection, claim.job_id, JobState.SUCCEEDED, claim.token, result)


def fail(connection: Connection, claim: Claim, *, code: str, text: str) -> None:
    """End the job as failed, with a code for programs and a text for people.

    Raises: LeaseLostError when the claim is gone.
    """
    write_fenced(connection, claim, {**ENDED, "state": JobState.FAILED, "error_code": code, "error_text": text})
    drop_checkpoint(connection, claim.job_id)
    record_event(connection, claim.job_id, JobState.FAILED, claim.token, {"code": code})


def end_cancelled(connection: Connection, claim: Claim) -> None:
    """End the job as cancelled; the error code of a deadline stays.

    Raises: LeaseLostError when the claim is gone or cancellation was not requested.
    """
    code = func.coalesce(jobs.c.error_code, "cancelled")
    values = {**ENDED, "state": JobState.CANCELLED, "error_code": code}
    row = write_fenced(connection, claim, values, jobs.c.cancel_requested.is_(True))
    drop_checkpoint(connection, claim.job_id)
    record_event(connection, claim.job_id, JobState.CANCELLED, claim.token, {"code": row.error_code})
