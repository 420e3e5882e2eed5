"""The attempts of a job, read from its events: which worker ran each, when, and how it ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from store.job_states import FINISHED, JobState
from store.tables import job_events, jobs

LEFT = (JobState.QUEUED, *FINISHED)


@dataclass(frozen=True)
class AttemptRow:
    """One worker's try; `outcome` is the state in which it left the job, None while it runs, and `reason` says why."""

    number: int
    worker: str
    begun_at: datetime
    ended_at: datetime | None = None
    outcome: JobState | None = None
    reason: str = ""


def list_attempts(connection: Connection, job_id: str) -> Sequence[AttemptRow]:
    """Return the attempts of a job, the first one first."""
    log = job_events.c
    rows = connection.execute(
        select(log.token, log.event, log.at, log.data)
        .where(log.job_id == job_id, log.token > 0, log.event.in_((JobState.RUNNING, *LEFT)))
        .order_by(log.id)
    )
    found: dict[int, AttemptRow] = {}
    for token, event, at, data in rows:
        if event == JobState.RUNNING:
            found[token] = AttemptRow(token, str(data.get("worker", "")), at)
        elif token in found and found[token].outcome is None:
            found[token] = replace(found[token], ended_at=at, outcome=JobState(event), reason=_reason(data))
    return list(found.values())


def read_workers(connection: Connection, job_ids: Collection[str]) -> dict[str, str]:
    """Return the workers that run these jobs, or ran them last."""
    last = and_(job_events.c.job_id == jobs.c.id, job_events.c.token == jobs.c.token)
    rows = connection.execute(
        select(jobs.c.id, job_events.c.data)
        .join(job_events, last)
        .where(jobs.c.id.in_(job_ids), job_events.c.event == JobState.RUNNING)
    )
    return {job_id: str(data.get("worker", "")) for job_id, data in rows}


def _reason(data: dict[str, Any]) -> str:
    return str(data.get("reason") or data.get("code") or "")
