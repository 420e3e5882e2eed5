"""Keeps the lease of an attempt: a thread that renews it while the work is active.

The progress writer (worker.progress_writer) renews it with every write. The thread renews it between two writes, for
epochs longer than a lease. A job that hangs loses its lease, and its process then ends.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from store.database import ATTEMPTS, Database
from store.errors import DatabaseError, LeaseLostError
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.epoch import Epoch
from store.jobs.fence import is_held
from store.jobs.finish import end_cancelled
from store.jobs.heartbeat import JobProgress, heartbeat
from store.settings import Settings
from worker.abort import abort

log = logging.getLogger(__name__)

LEASE_LOST = 75  # EX_TEMPFAIL: the exit code of a process that may no longer write


class LeaseKeeper:
    """Renews the lease of one claim; `activity` returns any number that changes while work is done.

    `progress` is None while the attempt is being prepared: what the last attempt reported then stays.
    """

    def __init__(self, settings: Settings, database: Database, claim: Claim, activity: Callable[[], float]) -> None:
        self.claim = claim
        self.progress: JobProgress | None = None
        self.renewed_at = time.monotonic()
        self._settings = settings
        self._database = database
        self._activity = activity
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self._stopping.set()
        self._thread.join()

    @property
    def busy(self) -> bool:
        """Whether a write is under way, for which another would have to wait."""
        return self._writing.locked()

    def renew(
        self, epochs: Sequence[Epoch] = (), checkpoint: CheckpointRow | None = None, *, attempts: int = ATTEMPTS
    ) -> bool:
        """Renew the lease, store epochs and checkpoint with it, and return whether somebody asked to cancel.

        Raises: LeaseLostError; DatabaseError.
        """
        with self._writing:
            return self._renew(epochs, checkpoint, attempts)

    def renew_if_late(self) -> None:
        """Renew a lease that is a heartbeat old; end the process where the lease is lost or the job cancelled."""
        with self._writing:
            late = time.monotonic() - self.renewed_at >= self._settings.heartbeat_seconds
            if not late or self._stopping.is_set():
                return
            try:
                if self._renew(attempts=1):
                    abort(self._database, self.claim, end_cancelled, "cancelled in the middle of an epoch")
            except LeaseLostError:
                log.warning("job %s: the lease is lost; stopping at once", self.claim.job_id)
                os._exit(LEASE_LOST)
            except DatabaseError as error:
                log.warning("job %s: no heartbeat: %s", self.claim.job_id, error)

    def try_to_renew(self) -> None:
        """Renew the lease while the write that ends the job is retried; that write itself meets a lost lease."""
        try:
            self.renew()
        except (LeaseLostError, DatabaseError) as error:
            log.warning("job %s: no heartbeat: %s", self.claim.job_id, error)

    def _renew(
        self, epochs: Sequence[Epoch] = (), checkpoint: CheckpointRow | None = None, attempts: int = ATTEMPTS
    ) -> bool:
        cancel = self._database.write(
            lambda connection: heartbeat(
                connection,
                self.claim,
                lease_seconds=self._settings.lease_seconds,
                progress=self.progress,
                new_epochs=epochs,
                checkpoint=checkpoint,
            ),
            attempts=attempts,
        )
        self.renewed_at = time.monotonic()
        return cancel

    def _run(self) -> None:
        seen = self._activity()
        while not self._stopping.wait(self._settings.heartbeat_seconds):
            active = self._activity()
            if active == seen:
                self._end_if_lost()
            else:
                self.renew_if_late()
            seen = active

    def _end_if_lost(self) -> None:
        """End the process of a job that hangs once its lease is lost, because it writes nothing that would fail."""
        try:
            with self._database.read() as connection:
                lost = not is_held(connection, self.claim)
        except DatabaseError:
            return  # no sweeper expires leases while the database is away
        if lost and not self._stopping.is_set():
            log.warning("job %s: hangs, and its lease is lost; ending", self.claim.job_id)
            os._exit(LEASE_LOST)
