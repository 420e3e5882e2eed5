"""Ringing for a new job without letting the client wait: a thread of each process marks the row and rings.

Whatever is lost here (a dead broker, a killed process) the workers' sweepers find in the table.
"""

import contextlib
import logging
import queue
import threading

from store.database import Database
from store.doorbell import Doorbell
from store.errors import BrokerError, DatabaseError
from store.jobs.publish import take_one, unmark_published

log = logging.getLogger(__name__)

MOST_WAITING = 1000
STOP_SECONDS = 5.0


class Publisher:
    """A queue of job ids and the thread that rings for them, which the first of them starts."""

    def __init__(self, database: Database, doorbell: Doorbell) -> None:
        self._database = database
        self._doorbell = doorbell
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def publish_soon(self, job_id: str) -> None:
        """Return at once; ring as soon as the broker answers. With too many waiting, leave it to the sweepers."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(job_id)
        except queue.Full:
            log.warning("job %s is left to the workers' sweepers: too many wait to be rung for", job_id)

    def stop(self) -> None:
        """Ring for those that wait already, and end the thread; what takes too long is left to the sweepers."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=STOP_SECONDS)
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while (job_id := self._waiting.get()) is not None:
            try:
                self._ring(job_id)
            except DatabaseError as error:
                log.warning("job %s is left to the workers' sweepers: %s", job_id, error)
            except Exception:  # the thread must outlive whatever a broker's client raises
                log.exception("job %s is left to the workers' sweepers", job_id)

    def _ring(self, job_id: str) -> None:
        kind = self._database.write(lambda connection: take_one(connection, job_id))
        if kind is None:
            return  # a sweeper was first
        try:
            self._doorbell.ring(job_id, kind)
        except BrokerError as error:
            log.warning("job %s is left to the workers' sweepers: %s", job_id, error)
            self._database.write(lambda connection: unmark_published(connection, job_id))
