"""T3: a worker takes a queued job, and with it a token that no other attempt will ever have."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from store.clock import now
from store.jobs.events import record
from store.tables import jobs


@dataclass(frozen=True)
class Claim:
    """The right to write to a job, for as long as its lease is renewed."""

    job_id: str
    token: int


def claim(connection: Connection, job_id: str, *, worker: str, lease_seconds: float) -> Claim | None:
    """Take the job if it is still to be had, else return None: the message was late, doubled or forged.

    `worker` names this one try and no other: called again after a COMMIT whose answer was lost, it finds its claim.
    """
    row = connection.execute(
        update(jobs)
        .where(
            jobs.c.id == job_id,
            jobs.c.state == "queued",
            jobs.c.cancel_requested.is_(False),
            jobs.c.run_after <= now(),
        )
        .values(
            state="running",
            token=jobs.c.token + 1,
            worker=worker,
            lease_until=now(lease_seconds),
            heartbeat_at=now(),
            started_at=func.coalesce(jobs.c.started_at, now()),
        )
        .returning(jobs.c.token)
    ).first()
    if row is None:
        mine = select(jobs.c.token).where(jobs.c.id == job_id, jobs.c.state == "running", jobs.c.worker == worker)
        token = connection.execute(mine).scalar_one_or_none()
        return None if token is None else Claim(job_id, int(token))
    record(connection, job_id, "running", row.token, {"worker": worker})
    return Claim(job_id, row.token)
