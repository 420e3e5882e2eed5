"""T3: a worker claims a queued job, and gets a token that no other attempt has."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from store.clock import now
from store.job_states import JobState
from store.jobs.events import record_event
from store.jobs.fair_scheduling import claimable, models_by_fair_share, oldest_job
from store.tables import jobs


@dataclass(frozen=True)
class Claim:
    """The right to write to a job while its lease is renewed."""

    job_id: str
    token: int


def claim_next(
    connection: Connection, published_id: str, *, kinds: Collection[str], worker: str, lease_seconds: float
) -> Claim | None:
    """Claim the next job of the published job's kind; return None where none can be claimed.

    A message about an unknown job, or one of another kind than these, does nothing. `worker` is as for `claim`.
    """
    kind = connection.execute(select(jobs.c.kind).where(jobs.c.id == published_id)).scalar_one_or_none()
    if kind is None or kind not in kinds:
        return None
    mine = select(jobs.c.id, jobs.c.token).where(jobs.c.state == JobState.RUNNING, jobs.c.worker == worker)
    if (row := connection.execute(mine).first()) is not None:
        return Claim(row.id, row.token)
    for priority, model in connection.execute(models_by_fair_share(kind)).all():
        job_id = connection.execute(oldest_job(kind, priority, model)).scalar_one_or_none()
        if job_id is not None:
            return claim(connection, job_id, worker=worker, lease_seconds=lease_seconds)
    return None


def claim(connection: Connection, job_id: str, *, worker: str, lease_seconds: float) -> Claim | None:
    """Claim the job if it is claimable, else return None: the message was late, repeated or forged.

    `worker` is unique to this try: called again after a COMMIT whose answer was lost, it finds its claim.
    """
    row = connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, claimable())
        .values(
            state=JobState.RUNNING,
            token=jobs.c.token + 1,
            worker=worker,
            lease_until=now(lease_seconds),
            heartbeat_at=now(),
            started_at=func.coalesce(jobs.c.started_at, now()),
        )
        .returning(jobs.c.token)
    ).first()
    if row is None:
        mine = (jobs.c.id == job_id, jobs.c.state == JobState.RUNNING, jobs.c.worker == worker)
        token = connection.execute(select(jobs.c.token).where(*mine)).scalar_one_or_none()
        return None if token is None else Claim(job_id, int(token))
    record_event(connection, job_id, JobState.RUNNING, row.token, {"worker": worker})
    return Claim(job_id, row.token)
