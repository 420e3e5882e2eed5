"""The fence: the one condition under which a worker may write."""

from typing import Any

from sqlalchemy import Connection, Row, and_, select, update
from sqlalchemy.sql.elements import ColumnElement

from store.errors import LeaseLostError
from store.jobs.claim import Claim
from store.jobs.states import JobState
from store.tables import jobs

ASKED = (jobs.c.cancel_requested, jobs.c.strikes, jobs.c.error_code)


def held(claim: Claim) -> ColumnElement[bool]:
    """Return the condition that the job is running under this very claim."""
    return and_(jobs.c.id == claim.job_id, jobs.c.state == JobState.RUNNING, jobs.c.token == claim.token)


def is_held(connection: Connection, claim: Claim) -> bool:
    """Tell whether the claim holds still."""
    return connection.execute(select(jobs.c.id).where(held(claim))).first() is not None


def write_fenced(
    connection: Connection, claim: Claim, values: dict[str, Any], *guards: ColumnElement[bool]
) -> Row[Any]:
    """Update the job if the claim holds and the guards do, and return what of its row writers ask for.

    Raises: LeaseLostError when 0 rows answer: nothing is written, and nothing else may be.
    """
    row = connection.execute(update(jobs).where(held(claim), *guards).values(**values).returning(*ASKED)).first()
    if row is None:
        raise LeaseLostError(f"job {claim.job_id} is no longer held with token {claim.token}")
    return row
