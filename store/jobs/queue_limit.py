"""The queue limit: refuses a job when too many of its kind wait, and estimates when to retry."""

from statistics import fmean

from sqlalchemy import Connection, func, select

from store.clock import now
from store.errors import QueueFullError
from store.job_states import JobState
from store.tables import jobs

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 300.0
UNKNOWN_SECONDS = 30.0  # where no job of the kind has ended or runs
REMEMBERED = 20


def check_queue_limit(connection: Connection, kind: str, limit: int) -> None:
    """Check that fewer jobs of this kind are queued; concurrent submissions may exceed the limit a little.

    Raises: QueueFullError, which says when to retry.
    """
    waiting = select(func.count()).where(jobs.c.state == JobState.QUEUED, jobs.c.kind == kind)
    if connection.execute(waiting).scalar_one() >= limit:
        raise QueueFullError(
            f"{limit} {kind} jobs wait already; retry when some are done, or start more workers "
            "(EBB_QUEUE_LIMIT is the limit)",
            retry_after_s=_seconds_until_free(connection, kind),
        )


def _seconds_until_free(connection: Connection, kind: str) -> float:
    """Estimate when the queue has room: the mean duration of a job, divided by the number of running jobs."""
    running = select(jobs.c.started_at, now()).where(jobs.c.state == JobState.RUNNING, jobs.c.kind == kind)
    ages = [(clock - started_at).total_seconds() for started_at, clock in connection.execute(running)]
    typical = fmean(_last_durations(connection, kind) or ages or [UNKNOWN_SECONDS])
    return min(max(typical / max(len(ages), 1), SHORTEST_SECONDS), LONGEST_SECONDS)


def _last_durations(connection: Connection, kind: str) -> list[float]:
    """Return the durations of the last jobs of this kind, in seconds."""
    ended = (jobs.c.kind == kind, jobs.c.finished_at.is_not(None), jobs.c.started_at.is_not(None))
    last = select(jobs.c.started_at, jobs.c.finished_at).where(*ended).order_by(jobs.c.finished_at.desc())
    rows = connection.execute(last.limit(REMEMBERED))
    return [(finished_at - started_at).total_seconds() for started_at, finished_at in rows]
