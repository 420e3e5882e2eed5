"""Writes the heartbeats of an attempt: each renews the lease, and stores the job's progress, epochs and checkpoint."""

import threading
import time
from collections.abc import Sequence

from store.database import ATTEMPTS, Connection, Database
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.epoch import Epoch
from store.jobs.heartbeat import JobProgress, heartbeat


class Heartbeats:
    """The heartbeats of one claim, written one at a time.

    `progress` is None while the attempt is being prepared: the progress that is stored then stays.
    """

    def __init__(self, database: Database, claim: Claim, lease_seconds: float) -> None:
        self.claim = claim
        self.progress: JobProgress | None = None
        self.written_at = time.monotonic()
        self._database = database
        self._lease_seconds = lease_seconds
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether one is being written, for which another would have to wait."""
        return self._lock.locked()

    def write(
        self, epochs: Sequence[Epoch] = (), checkpoint: CheckpointRow | None = None, *, attempts: int = ATTEMPTS
    ) -> bool:
        """Write a heartbeat, and return whether cancellation was requested.

        Raises: LeaseLostError; DatabaseError.
        """
        with self._lock:
            return self._write(epochs, checkpoint, attempts)

    def write_if_late(self, seconds: float) -> bool:
        """Write a heartbeat unless the last one is younger than this; return whether cancellation was requested.

        Raises: LeaseLostError; DatabaseError.
        """
        with self._lock:
            return time.monotonic() - self.written_at >= seconds and self._write((), None, attempts=1)

    def _write(self, epochs: Sequence[Epoch], checkpoint: CheckpointRow | None, attempts: int) -> bool:
        def work(connection: Connection) -> bool:
            return heartbeat(
                connection,
                self.claim,
                lease_seconds=self._lease_seconds,
                progress=self.progress,
                new_epochs=epochs,
                checkpoint=checkpoint,
            )

        cancel = self._database.write(work, attempts=attempts)
        self.written_at = time.monotonic()
        return cancel
