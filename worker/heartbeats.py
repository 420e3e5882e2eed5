"""Writes the heartbeats of an attempt: each renews the lease, and stores the job's progress and checkpoint."""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial

from store.database import ATTEMPTS, Database
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
        self,
        epochs: Sequence[Epoch] = (),
        checkpoint: CheckpointRow | None = None,
        *,
        standings: Sequence[Mapping[str, object]] = (),
        attempts: int = ATTEMPTS,
        if_older: float = 0.0,
    ) -> bool:
        """Write a heartbeat, and return whether cancellation was requested; write none while the last one is younger.

        Units: `if_older` in seconds.
        Raises: LeaseLostError; DatabaseError.
        """
        with self._lock:
            if time.monotonic() - self.written_at < if_older:
                return False
            work = partial(
                heartbeat,
                claim=self.claim,
                lease_seconds=self._lease_seconds,
                progress=self.progress,
                new_epochs=epochs,
                new_standings=standings,
                checkpoint=checkpoint,
            )
            cancel = self._database.write(work, attempts=attempts)
            self.written_at = time.monotonic()
            return cancel
