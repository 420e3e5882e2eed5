"""Whether the queue of a kind has room for one more job, and when it will."""

from statistics import fmean

from sqlalchemy import Connection, func, select

from store.clock import now
from store.errors import QueueFullError
from store.jobs.states import JobState
from store.tables import jobs

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 300.0
UNKNOWN_SECONDS = 30.0  # where no job of the kind ever ended, and none runs
REMEMBERED = 20


def check_queue_limit(connection: Connection, kind: str, limit: int) -> None:
    """Do nothing while fewer jobs of this kind are queued; many at once may pass a limit that is nearly reached.

    Raises: QueueFullError, which says when to come back.
    """
    waiting = select(func.count()).where(jobs.c.state == JobState.QUEUED, jobs.c.kind == kind)
    if connection.execute(waiting).scalar_one() >= limit:
        raise QueueFullError(
            f"{limit} {kind} jobs wait already; come back when some are done, or start more workers "
            "(EBB_QUEUE_LIMIT is the limit)",
            retry_after_s=_seconds_until_free(connection, kind),
        )


def _seconds_until_free(connection: Connection, kind: str) -> float:
    """Guess when the next place is free: in the time that a job takes, shared by those that run side by side."""
    running = select(jobs.c.started_at, now()).where(jobs.c.state == JobState.RUNNING, jobs.c.kind == kind)
    ages = [(clock - started_at).total_seconds() for started_at, clock in connection.execute(running)]
    typical = fmean(_last_durations(connection, kind) or ages or [UNKNOWN_SECONDS])
    return min(max(typical / max(len(ages), 1), SHORTEST_SECONDS), LONGEST_SECONDS)


def _last_durations(connection: Connection, kind: str) -> list[float]:
    """Return how long each of the last jobs of this kind took, in seconds."""
    ended = (jobs.c.kind == kind, jobs.c.finished_at.is_not(None), jobs.c.started_at.is_not(None))
    last = select(jobs.c.started_at, jobs.c.finished_at).where(*ended).order_by(jobs.c.finished_at.desc())
    rows = connection.execute(last.limit(REMEMBERED))
    return [(finished_at - started_at).total_seconds() for started_at, finished_at in rows]
