"""Whether the queue of a kind has room for one more job, and when it will."""

from sqlalchemy import Connection, func, select

from store.clock import now
from store.errors import QueueFullError
from store.tables import jobs

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 300.0


def refuse_when_full(connection: Connection, kind: str, limit: int) -> None:
    """Do nothing while fewer jobs of this kind are queued; many at once may pass a limit that is nearly reached.

    Raises: QueueFullError, which says when to come back.
    """
    waiting = select(func.count()).where(jobs.c.state == "queued", jobs.c.kind == kind)
    if connection.execute(waiting).scalar_one() >= limit:
        raise QueueFullError(
            f"{limit} {kind} jobs wait already; come back when some are done, or start more workers "
            "(EBB_QUEUE_LIMIT is the limit)",
            retry_after_s=_seconds_to_the_next(connection, kind),
        )


def _seconds_to_the_next(connection: Connection, kind: str) -> float:
    """Guess when the next place is free: as long as the running jobs have run so far, shared by how many they are."""
    running = select(jobs.c.started_at, now()).where(jobs.c.state == "running", jobs.c.kind == kind)
    ages = [(clock - started_at).total_seconds() for started_at, clock in connection.execute(running)]
    guess = sum(ages) / len(ages) ** 2 if ages else LONGEST_SECONDS
    return min(max(guess, SHORTEST_SECONDS), LONGEST_SECONDS)
