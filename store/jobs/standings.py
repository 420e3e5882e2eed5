"""The standings of a sweep, as events of its job: each is recorded once, however often an attempt repeats it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from store.jobs.events import record_event
from store.tables import job_events

STANDING, RESTARTED = "standing", "restarted"


def record_standings(
    connection: Connection, job_id: str, token: int, standings: Sequence[Mapping[str, object]]
) -> None:
    """Record standings in the transaction of a heartbeat; those that an attempt before has recorded stay.

    An attempt that resumes from a checkpoint trains again what was done after it, with equal standings.
    """
    if not standings:
        return
    known = read_standings(connection, job_id)
    for standing in standings:
        if standing not in known:
            record_event(connection, job_id, STANDING, token, standing)


def read_standings(connection: Connection, job_id: str) -> list[dict[str, Any]]:
    """Return a sweep's standings since it began, or began again, in their order."""
    log = job_events.c
    events = select(log.event, log.data).where(log.job_id == job_id, log.event.in_((STANDING, RESTARTED)))
    found: list[dict[str, Any]] = []
    for event, data in connection.execute(events.order_by(log.id)):
        if event == STANDING:
            found.append(data)
        else:
            found.clear()
    return found
