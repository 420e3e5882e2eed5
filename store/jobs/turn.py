"""Whose turn it is: the order in which queued jobs of a kind are claimed, decided in the table and not by the broker.

The highest priority goes first; then the registered model of which the fewest jobs run, then the one that was served
longest ago, then the oldest job. So fifty jobs of one model delay another's only job by about one.
"""

from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from store.clock import now
from store.tables import jobs


def due() -> ColumnElement[bool]:
    """Return the condition that a job may be claimed now."""
    return and_(
        jobs.c.state == "queued",
        jobs.c.cancel_requested.is_(False),
        jobs.c.run_after <= now(),
        or_(jobs.c.deadline_at.is_(None), jobs.c.deadline_at > now()),
    )


def next_in_turn(kind: str) -> Select[Any]:
    """Return the query for the id of the job to claim next; those that others are claiming are passed over."""
    waiting = select(jobs.c.model).where(due(), jobs.c.kind == kind).distinct().cte("waiting")
    other = jobs.alias("other")
    of_the_model = (other.c.kind == kind, other.c.model == waiting.c.model)
    running = select(func.count()).where(other.c.state == "running", *of_the_model).scalar_subquery()
    served_at = select(func.max(other.c.started_at)).where(*of_the_model).scalar_subquery()
    turns = select(waiting.c.model, running.label("running"), served_at.label("served_at")).cte("turns")
    return (
        select(jobs.c.id)
        .join(turns, turns.c.model == jobs.c.model)
        .where(due(), jobs.c.kind == kind)
        .order_by(jobs.c.priority.desc(), turns.c.running, turns.c.served_at.asc().nulls_first(), jobs.c.id)
        .limit(1)
        .with_for_update(of=jobs, skip_locked=True)
    )
