"""Fair scheduling: the order in which queued jobs of a kind are claimed, decided in the table and not by the broker.

First comes the highest priority, then the registered model with the fewest running jobs, then the model whose last job
started longest ago, then the oldest job. Where fifty jobs of one model wait, another model's only job still starts
after about one of them.
"""

from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from store.clock import now
from store.job_states import JobState
from store.tables import jobs


def claimable() -> ColumnElement[bool]:
    """Return the condition under which a job can be claimed now."""
    return and_(
        jobs.c.state == JobState.QUEUED,
        jobs.c.cancel_requested.is_(False),
        jobs.c.run_after <= now(),
        or_(jobs.c.deadline_at.is_(None), jobs.c.deadline_at > now()),
    )


def models_by_fair_share(kind: str) -> Select[Any]:
    """Return the query for the priorities and registered models of the claimable jobs, the next one first."""
    other = jobs.alias("other")
    # By state alone: with the kind in the condition, SQLite reads every job of that kind ever submitted.
    counted = select(other.c.kind, other.c.model, func.count().label("jobs")).where(other.c.state == JobState.RUNNING)
    running = counted.group_by(other.c.kind, other.c.model).subquery("running")
    served_at = (
        select(func.max(other.c.started_at))
        .where(other.c.kind == kind, other.c.model == jobs.c.model)
        .correlate(jobs)
        .scalar_subquery()
    )
    return (
        select(jobs.c.priority, jobs.c.model)
        .outerjoin(running, and_(running.c.kind == jobs.c.kind, running.c.model == jobs.c.model))
        .where(claimable(), jobs.c.kind == kind)
        .group_by(jobs.c.priority, jobs.c.model, running.c.jobs)
        .order_by(
            jobs.c.priority.desc(),
            func.coalesce(running.c.jobs, 0),
            served_at.asc().nulls_first(),
            func.min(jobs.c.id),
        )
    )


def oldest_job(kind: str, priority: int, model: str) -> Select[Any]:
    """Return the query for the oldest claimable job of these, without those that others are claiming now."""
    these = (jobs.c.kind == kind, jobs.c.priority == priority, jobs.c.model == model)
    return select(jobs.c.id).where(claimable(), *these).order_by(jobs.c.id).limit(1).with_for_update(skip_locked=True)


def find_claimable(connection: Connection) -> dict[str, str]:
    """Return the id of one claimable job of each kind that has any; a claim for it gets the kind's next job."""
    query = select(jobs.c.kind, func.min(jobs.c.id).label("id")).where(claimable()).group_by(jobs.c.kind)
    return {row.kind: row.id for row in connection.execute(query)}
