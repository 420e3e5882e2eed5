"""What a ring leads to: an attempt at the job whose turn it is, and then at those that wait still, kind after kind.

Celery looks for the next message only up to a second after a task ended, and a message can be lost: so nobody goes back
to the broker while the table has work.
"""

import logging
from collections.abc import Callable, Sequence

from store.database import Database
from store.errors import DatabaseError
from store.jobs.fair_scheduling import find_claimable

log = logging.getLogger(__name__)


class QueueDrainer:
    """Takes jobs of these kinds; `attempt` runs the one whose turn it is, and returns whether to go on."""

    def __init__(self, database: Database, kinds: Sequence[str], attempt: Callable[[str], bool]) -> None:
        self._database = database
        self._kinds = tuple(kinds)
        self._attempt = attempt

    def drain(self, job_id: str) -> None:
        """Run what there is to run; the Celery task. A message that is late, doubled or forged is as good as any."""
        self._attempt(job_id)  # whatever comes of it, for it may be forged while others wait
        kinds = list(self._kinds)
        while (found := self._waiting(kinds)) is not None:
            kind, job_id = found
            kinds.remove(kind)
            kinds.append(kind)  # it goes last, so that no kind waits for the end of another's queue
            if not self._attempt(job_id):
                return

    def _waiting(self, kinds: Sequence[str]) -> tuple[str, str] | None:
        """Return the first of these kinds of which a job waits, and that job."""
        try:
            with self._database.read() as connection:
                found = find_claimable(connection)
        except DatabaseError as error:
            log.warning("what waits is left to the next ring: %s", error)
            return None
        return next(((kind, found[kind]) for kind in kinds if kind in found), None)
