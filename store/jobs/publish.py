"""T2: choose the jobs to publish, and mark them as published before their messages are sent."""

from sqlalchemy import Connection, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from store.clock import now
from store.job_states import JobState
from store.jobs.fair_scheduling import claimable
from store.tables import jobs

AT_ONCE = 100


def take_unpublished(connection: Connection, *, limit: int = AT_ONCE) -> dict[str, str]:
    """Mark the queued jobs that were never published; return the kind of each by its id.

    They are marked before their messages are sent, so that several sweepers together send each about once. A message
    that is lost in between is sent again later.
    """
    return _take(connection, jobs.c.published_at.is_(None), limit)


def take_unclaimed(connection: Connection, kind: str, *, republish_seconds: float, limit: int) -> dict[str, str]:
    """Mark the queued jobs of a kind that were published that long ago; return their kind by their ids."""
    return _take(connection, (jobs.c.kind == kind) & (jobs.c.published_at < now(-republish_seconds)), limit)


def _take(connection: Connection, unsent: ColumnElement[bool], limit: int) -> dict[str, str]:
    waiting = jobs.c.state == JobState.QUEUED
    ids = (
        select(jobs.c.id)
        .where(waiting, unsent, jobs.c.run_after <= now())
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("ids")  # as a subquery PostgreSQL may run it once a row, each time past the rows locked before
    )
    taken = (
        update(jobs)
        .where(jobs.c.id.in_(select(ids.c.id)), waiting, unsent)
        .values(published_at=now())
        .returning(jobs.c.id, jobs.c.kind)
    )
    return dict(sorted((row.id, row.kind) for row in connection.execute(taken)))


def count_unclaimed(connection: Connection, *, republish_seconds: float) -> dict[str, int]:
    """Return how many jobs of each kind are claimable, for kinds with a job that was published that long ago.

    The broker needs as many messages of the kind, and no more.
    """
    late = func.min(jobs.c.published_at) < now(-republish_seconds)
    query = select(jobs.c.kind, func.count().label("jobs")).where(claimable()).group_by(jobs.c.kind).having(late)
    return {row.kind: row.jobs for row in connection.execute(query)}


def take_one(connection: Connection, job_id: str) -> str | None:
    """Mark this job as published and return its kind; None where it is not queued or was published already."""
    unsent = (jobs.c.id == job_id, jobs.c.state == JobState.QUEUED, jobs.c.published_at.is_(None))
    marked = update(jobs).where(*unsent).values(published_at=now()).returning(jobs.c.kind)
    return connection.execute(marked).scalar_one_or_none()


def unmark_published(connection: Connection, *job_ids: str) -> None:
    """Remove the mark again, because the broker did not answer: the next sweep then publishes the job."""
    waiting = (jobs.c.id.in_(job_ids), jobs.c.state == JobState.QUEUED)
    connection.execute(update(jobs).where(*waiting).values(published_at=None))
