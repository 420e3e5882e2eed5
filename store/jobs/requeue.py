"""T7 and T8: the owner requeues a running job, without or with a strike."""

from typing import Any

from sqlalchemy import Connection

from store.clock import now
from store.job_states import JobState
from store.jobs.checkpoints import drop_checkpoint
from store.jobs.claim import Claim
from store.jobs.events import record_event
from store.jobs.fence import write_fenced
from store.jobs.finish import ENDED
from store.tables import jobs

BACK_OFF_SECONDS = 2.0
LONGEST_BACK_OFF_SECONDS = 300.0

QUEUED: dict[str, Any] = {"state": JobState.QUEUED, "lease_until": None, "worker": None, "published_at": None}


def requeue(connection: Connection, claim: Claim) -> None:
    """Requeue the job without a strike: the worker is shutting down, and the checkpoint is stored.

    Raises: LeaseLostError when the claim is gone or cancellation was requested.
    """
    write_fenced(connection, claim, {**QUEUED, "run_after": now()}, jobs.c.cancel_requested.is_(False))
    record_event(connection, claim.job_id, JobState.QUEUED, claim.token, {"reason": "worker shut down"})


def strike(connection: Connection, claim: Claim, *, limit: int, code: str, text: str) -> JobState:
    """Requeue the job with a strike and exponential back-off, or fail it at the limit; return its new state.

    Raises: LeaseLostError when the claim is gone or cancellation was requested.
    """
    wanted = jobs.c.cancel_requested.is_(False)
    row = write_fenced(connection, claim, {"strikes": jobs.c.strikes + 1}, wanted)
    if row.strikes >= limit:
        failed = {**ENDED, "state": JobState.FAILED, "error_code": code, "error_text": text}
        write_fenced(connection, claim, failed, wanted)
        drop_checkpoint(connection, claim.job_id)
        record_event(connection, claim.job_id, JobState.FAILED, claim.token, {"code": code, "strikes": row.strikes})
        return JobState.FAILED
    delay = min(BACK_OFF_SECONDS * 2 ** (row.strikes - 1), LONGEST_BACK_OFF_SECONDS)
    write_fenced(connection, claim, {**QUEUED, "run_after": now(delay)}, wanted)
    record_event(connection, claim.job_id, JobState.QUEUED, claim.token, {"reason": code, "strikes": row.strikes})
    return JobState.QUEUED
