"""T3: a worker takes a queued job, and with it a token that no other attempt will ever have."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from store.clock import now
from store.jobs.events import record
from store.jobs.fair_scheduling import claimable, models_by_fair_share, oldest_job
from store.jobs.states import JobState
from store.tables import jobs


@dataclass(frozen=True)
class Claim:
    """The right to write to a job, for as long as its lease is renewed."""

    job_id: str
    token: int


def claim_next(
    connection: Connection, rung_for: str, *, kinds: Collection[str], worker: str, lease_seconds: float
) -> Claim | None:
    """Take the job whose turn it is, of the kind of the one that was rung for; None where none is to be had.

    A ring for no job, or for one of another kind than these, does nothing. `worker` is as for `claim`.
    """
    kind = connection.execute(select(jobs.c.kind).where(jobs.c.id == rung_for)).scalar_one_or_none()
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
    """Take the job if it is still to be had, else return None: the message was late, doubled or forged.

    `worker` names this one try and no other: called again after a COMMIT whose answer was lost, it finds its claim.
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
    record(connection, job_id, JobState.RUNNING, row.token, {"worker": worker})
    return Claim(job_id, row.token)
