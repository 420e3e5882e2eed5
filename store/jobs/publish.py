"""T2: pick the jobs whose message is due, and mark them sent before they are."""

from sqlalchemy import Connection, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from store.clock import now
from store.jobs.fair_scheduling import claimable
from store.jobs.states import JobState
from store.tables import jobs

AT_ONCE = 100


def take_unpublished(connection: Connection, *, limit: int = AT_ONCE) -> dict[str, str]:
    """Mark the queued jobs that nobody was told of; return the kind of each by its id, to be rung for.

    Marked before they are sent, so that many sweepers together send each about once; a message lost in between is sent
    again after a while.
    """
    return _take(connection, jobs.c.published_at.is_(None), limit)


def take_unclaimed(connection: Connection, kind: str, *, republish_seconds: float, limit: int) -> dict[str, str]:
    """Mark those queued jobs of a kind that were rung for so long ago; return their kind by their ids, as above."""
    return _take(connection, (jobs.c.kind == kind) & (jobs.c.published_at < now(-republish_seconds)), limit)


def _take(connection: Connection, unheard: ColumnElement[bool], limit: int) -> dict[str, str]:
    waiting = jobs.c.state == JobState.QUEUED
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


def count_unclaimed(connection: Connection, *, republish_seconds: float) -> dict[str, int]:
    """Return the kinds of which a job was rung for so long ago and waits still, with how many could be claimed now.

    So many messages of such a kind are wanted, and no more.
    """
    late = func.min(jobs.c.published_at) < now(-republish_seconds)
    query = select(jobs.c.kind, func.count().label("jobs")).where(claimable()).group_by(jobs.c.kind).having(late)
    return {row.kind: row.jobs for row in connection.execute(query)}


def take_one(connection: Connection, job_id: str) -> str | None:
    """Mark this one job as sent and return its kind, or None where it does not wait or was rung for already."""
    unheard = (jobs.c.id == job_id, jobs.c.state == JobState.QUEUED, jobs.c.published_at.is_(None))
    marked = update(jobs).where(*unheard).values(published_at=now()).returning(jobs.c.kind)
    return connection.execute(marked).scalar_one_or_none()


def unmark_published(connection: Connection, *job_ids: str) -> None:
    """Take the mark off again, because the broker did not answer: the next sweep rings, instead of a much later one."""
    waiting = (jobs.c.id.in_(job_ids), jobs.c.state == JobState.QUEUED)
    connection.execute(update(jobs).where(*waiting).values(published_at=None))
