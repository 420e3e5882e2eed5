"""T2: pick the jobs whose message is due, and mark them sent before they are."""

from sqlalchemy import Connection, func, or_, select, update

from store.clock import now
from store.jobs.turn import due
from store.tables import jobs


def take_unpublished(connection: Connection, *, republish_seconds: float, limit: int = 100) -> dict[str, str]:
    """Mark the queued jobs that nobody was told of, or not lately; return the kind of each by its id, to be rung for.

    Marked before they are sent, so that many sweepers together send each about once; a message lost in between is sent
    again after `republish_seconds`.
    """
    unheard = or_(jobs.c.published_at.is_(None), jobs.c.published_at < now(-republish_seconds))
    waiting = jobs.c.state == "queued"
    ids = (
        select(jobs.c.id)
        .where(waiting, unheard, jobs.c.run_after <= now())
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ids")  # as a subquery PostgreSQL may run it once a row, each time past the rows locked before
    )
    taken = (
        update(jobs)
        .where(jobs.c.id.in_(select(ids.c.id)), waiting, unheard)
        .values(published_at=now())
        .returning(jobs.c.id, jobs.c.kind)
    )
    return dict(sorted((row.id, row.kind) for row in connection.execute(taken)))


def count_due(connection: Connection, kind: str) -> int:
    """Return how many jobs of this kind could be claimed now: as many messages are wanted."""
    return int(connection.execute(select(func.count()).where(due(), jobs.c.kind == kind)).scalar_one())


def take_one(connection: Connection, job_id: str) -> str | None:
    """Mark this one job as sent and return its kind, or None where it does not wait or was rung for already."""
    unheard = (jobs.c.id == job_id, jobs.c.state == "queued", jobs.c.published_at.is_(None))
    marked = update(jobs).where(*unheard).values(published_at=now()).returning(jobs.c.kind)
    return connection.execute(marked).scalar_one_or_none()


def put_back(connection: Connection, *job_ids: str) -> None:
    """Take the mark off again, because the broker did not answer: the next sweep rings, instead of a much later one."""
    waiting = (jobs.c.id.in_(job_ids), jobs.c.state == "queued")
    connection.execute(update(jobs).where(*waiting).values(published_at=None))
