"""The Celery task: claims and runs jobs, round-robin by kind, until the queue is empty.

Celery fetches the next message up to a second after a task ended, and messages can be lost. A worker therefore asks the
database for the next job, and returns to the broker when there is none.
"""

import logging
from collections.abc import Callable, Sequence

from store.database import Database
from store.errors import DatabaseError
from store.jobs.fair_scheduling import find_claimable

log = logging.getLogger(__name__)


class QueueDrainer:
    """Runs jobs of these kinds; `attempt` runs the next job of a job's kind and returns whether to continue."""

    def __init__(self, database: Database, kinds: Sequence[str], attempt: Callable[[str], bool]) -> None:
        self._database = database
        self._kinds = tuple(kinds)
        self._attempt = attempt

    def drain(self, job_id: str) -> None:
        """Run jobs until the queue is empty; the message's job only says which kind comes first."""
        self._attempt(job_id)  # whether it ran one or not: the message may be forged while other jobs wait
        kinds = list(self._kinds)
        while (found := self._next_claimable(kinds)) is not None:
            kind, job_id = found
            kinds.remove(kind)
            kinds.append(kind)  # last in the next round
            if not self._attempt(job_id):
                return

    def _next_claimable(self, kinds: Sequence[str]) -> tuple[str, str] | None:
        """Return the first of these kinds that has a claimable job, and the id of one."""
        try:
            with self._database.read() as connection:
                found = find_claimable(connection)
        except DatabaseError as error:
            log.warning("the queue cannot be read; the next message continues: %s", error)
            return None
        return next(((kind, found[kind]) for kind in kinds if kind in found), None)
