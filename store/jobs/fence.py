"""The fence: the condition under which a worker may write."""

from typing import Any

from sqlalchemy import Connection, Row, and_, select, update
from sqlalchemy.sql.elements import ColumnElement

from store.errors import LeaseLostError
from store.job_states import JobState
from store.jobs.claim import Claim
from store.tables import jobs

RETURNED = (jobs.c.cancel_requested, jobs.c.strikes, jobs.c.error_code)


def held(claim: Claim) -> ColumnElement[bool]:
    """Return the condition that the job is running under this claim."""
    return and_(jobs.c.id == claim.job_id, jobs.c.state == JobState.RUNNING, jobs.c.token == claim.token)


def is_held(connection: Connection, claim: Claim) -> bool:
    """Return whether the claim still holds."""
    return connection.execute(select(jobs.c.id).where(held(claim))).first() is not None


def write_fenced(
    connection: Connection, claim: Claim, values: dict[str, Any], *guards: ColumnElement[bool]
) -> Row[Any]:
    """Update the job if the claim and the guards hold; return cancel_requested, strikes and error_code.

    Raises: LeaseLostError when they do not: nothing is written, and the caller must write nothing else.
    """
    row = connection.execute(update(jobs).where(held(claim), *guards).values(**values).returning(*RETURNED)).first()
    if row is None:
        raise LeaseLostError(f"job {claim.job_id} is no longer held with token {claim.token}")
    return row
