"""T9: a sweeper expires the leases of workers that stopped renewing them."""

from typing import Any

from sqlalchemy import Connection, case, func, select, update

from store.clock import now
from store.job_states import JobState
from store.jobs.checkpoints import drop_checkpoint
from store.jobs.events import record_event
from store.tables import jobs


def expire_leases(connection: Connection, *, strike_limit: int) -> list[str]:
    """End the attempt of every running job whose lease expired, and return the jobs' ids.

    A job whose cancellation was requested ends as cancelled, and one that lost its lease too often as failed. Others
    are requeued with a strike.
    """
    lost = (jobs.c.state == JobState.RUNNING, jobs.c.lease_until < now())
    seen = connection.execute(select(jobs.c.id, jobs.c.token).where(*lost).with_for_update(skip_locked=True)).all()
    return [job_id for job_id, token in seen if _expire(connection, job_id, token, strike_limit)]


def _expire(connection: Connection, job_id: str, token: int, strike_limit: int) -> bool:
    last = jobs.c.strikes + 1 >= strike_limit
    state = case((jobs.c.cancel_requested, JobState.CANCELLED), (last, JobState.FAILED), else_=JobState.QUEUED)
    text = f"the worker vanished {strike_limit} times while it ran this job; see its events, then retry it"
    values: dict[str, Any] = {
        "state": state,
        "strikes": jobs.c.strikes + case((jobs.c.cancel_requested, 0), else_=1),
        "lease_until": None,
        "worker": None,
        "published_at": None,
        "finished_at": case((state == JobState.QUEUED, None), else_=now()),
        "error_code": case(
            (jobs.c.cancel_requested, func.coalesce(jobs.c.error_code, "cancelled")),
            (last, "lease_lost_too_often"),
            else_=None,
        ),
        "error_text": case((state == JobState.FAILED, text), else_=jobs.c.error_text),
    }
    row = connection.execute(
        update(jobs)
        .where(
            jobs.c.id == job_id,
            jobs.c.state == JobState.RUNNING,
            jobs.c.token == token,
            jobs.c.lease_until < now(),
        )
        .values(**values)
        .returning(jobs.c.state, jobs.c.strikes)
    ).first()
    if row is None:
        return False
    if row.state != JobState.QUEUED:
        drop_checkpoint(connection, job_id)
    record_event(connection, job_id, row.state, token, {"reason": "lease lost", "strikes": row.strikes})
    return True
