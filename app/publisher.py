"""Publishes committed jobs to the broker from a thread, so that no client waits for the broker.

Jobs that are lost here, by a dead broker or a killed process, are published by the workers' sweepers.
"""

import contextlib
import logging
import queue
import threading

from store.database import Database
from store.doorbell import Doorbell
from store.errors import BrokerError, DatabaseError
from store.job_states import KINDS
from store.jobs.publish import take_one, unmark_published

log = logging.getLogger(__name__)

MOST_WAITING = 1000
STOP_SECONDS = 5.0


class Publisher:
    """A queue of job ids and the thread that publishes them; the first job starts the thread."""

    def __init__(self, database: Database, doorbell: Doorbell) -> None:
        self._database = database
        self._doorbell = doorbell
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def publish_soon(self, job_id: str) -> None:
        """Queue a job to be published, and return at once; if the queue is full, leave the job to the sweepers."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(job_id)
        except queue.Full:
            log.warning("job %s is left to the workers' sweepers: too many wait to be published", job_id)

    def messages_waiting(self) -> dict[str, int] | None:
        """Return how many messages about jobs of each kind wait in the broker; None if the broker does not answer."""
        try:
            return {kind: self._doorbell.waiting(kind) for kind in KINDS}
        except BrokerError as error:
            log.warning("no figures of the broker: %s", error)
            return None

    def stop(self) -> None:
        """Publish the queued jobs, and end the thread; after a timeout, the rest is left to the sweepers."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=STOP_SECONDS)
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while (job_id := self._waiting.get()) is not None:
            try:
                self._publish(job_id)
            except DatabaseError as error:
                log.warning("job %s is left to the workers' sweepers: %s", job_id, error)
            except Exception:  # no error of a broker's client may end the thread
                log.exception("job %s is left to the workers' sweepers", job_id)

    def _publish(self, job_id: str) -> None:
        kind = self._database.write(lambda connection: take_one(connection, job_id))
        if kind is None:
            return  # a sweeper was first
        try:
            self._doorbell.ring(job_id, kind)
        except BrokerError as error:
            log.warning("job %s is left to the workers' sweepers: %s", job_id, error)
            self._database.write(lambda connection: unmark_published(connection, job_id))
