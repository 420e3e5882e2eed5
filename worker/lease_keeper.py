"""The keeper of an attempt: keeps its lease, and with each beat stores what was achieved.

The work beats with every few epochs, or chunks of rows. A thread beats in between, for epochs longer than a lease, but
only while steps are being made: a job that hangs loses its lease like one that died, and its process ends then.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from store.database import ATTEMPTS, Connection, Database
from store.errors import DatabaseError, LeaseLostError
from store.jobs.checkpoints import CheckpointRow
from store.jobs.claim import Claim
from store.jobs.fence import is_held
from store.jobs.finish import end_cancelled
from store.jobs.heartbeat import EpochRow, JobProgress, heartbeat
from store.settings import Settings
from worker.abort import abort
from worker.outages import retry_through_outages
from worker.work import WorkUnit

log = logging.getLogger(__name__)

Beat = Callable[[Connection], bool]

LEASE_LOST = 75  # EX_TEMPFAIL: the process's exit code when it may no longer write
SHORTEST_SECONDS = 0.2  # between beats that bring epochs: as often as a watching person can see
COST_SHARE = 0.01  # of the time, at most, that beats and checkpoints may take; but a beat there is every heartbeat
OUTAGE_SHARE = 0.1  # of an outage, that the work may wait for a database which does not even refuse


class LeaseKeeper:
    """Beats for one claim.

    `progress` is how far the work is; until that is known, what the last attempt told stays. `activity` returns any
    number that changes while work is done.
    """

    def __init__(self, settings: Settings, database: Database, claim: Claim, activity: Callable[[], float]) -> None:
        self._settings = settings
        self._database = database
        self._claim = claim
        self._activity = activity
        self.progress: JobProgress | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_between, name="lease", daemon=True)
        self._rows: list[EpochRow] = []
        self._beat_at = self._tried_at = self._stored_at = time.monotonic()
        self._pause, self._store_pause = 0.0, settings.heartbeat_seconds

    def __enter__(self) -> Self:
        """Begin to beat."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop beating."""
        self._stopping.set()
        self._thread.join()

    def unit(self, unit: WorkUnit, checkpoint: Callable[[], CheckpointRow | None]) -> bool:
        """Note a piece of work, store it when a beat is due, and return whether somebody asked to cancel.

        Raises: LeaseLostError.
        """
        if unit.epoch is not None:
            if self._rows and unit.epoch.epoch <= self._rows[-1].epoch:
                self._rows = []  # a diverged training began again at a lower rate; storing epoch 1 replaces the rest
            self._rows.append(unit.epoch)
        self.progress = unit.progress
        if time.monotonic() - self._tried_at < self._pause:
            return False
        return self._flush(checkpoint if time.monotonic() - self._stored_at >= self._store_pause else None)

    def _flush(self, checkpoint: Callable[[], CheckpointRow | None] | None) -> bool:
        """Store every epoch noted so far, and return whether somebody asked to cancel.

        While the database is away the training goes on and its epochs wait: an outage costs a healthy job little.
        Where its disk has room for a sign of life and none for the epochs, the thread gives that.
        """
        if not self._lock.acquire(blocking=False):
            return False  # the thread beats just now, for which it may have to wait
        begun, longest = time.monotonic(), self._settings.heartbeat_seconds
        try:
            cancel = self._store(checkpoint() if checkpoint else None, attempts=1)
        except DatabaseError as error:
            log.warning("job %s: no heartbeat: %s", self._claim.job_id, error)
            self._pause = max(longest, (time.monotonic() - begun) / OUTAGE_SHARE)
            return False
        finally:
            self._lock.release()
        rest = max(SHORTEST_SECONDS, (time.monotonic() - begun) / COST_SHARE)
        self._pause = min(rest, longest)
        if checkpoint is not None:
            self._store_pause = max(rest, longest)
        return cancel

    def drain(self, checkpoint: CheckpointRow | None = None) -> bool:
        """Store every epoch noted so far, however long the database takes; return whether somebody asked to cancel.

        Raises: LeaseLostError.
        """

        def store() -> bool:
            with self._lock:
                return self._store(checkpoint)

        return retry_through_outages(store, self._beat_if_late)

    def sign(self) -> None:
        """Keep the lease once the thread has ended, while the write that ends the job finds no room.

        Where the lease is lost, or the job has ended after all, that write is told so when it is tried again.
        """
        try:
            self._database.write(self._beat([], None))
        except (LeaseLostError, DatabaseError) as error:
            log.warning("job %s: no heartbeat: %s", self._claim.job_id, error)

    def _store(self, checkpoint: CheckpointRow | None, attempts: int = ATTEMPTS) -> bool:
        try:
            cancel = self._database.write(self._beat(self._rows, checkpoint), attempts=attempts)
        finally:
            self._tried_at = time.monotonic()
        self._beat_at = self._tried_at
        self._rows = []
        if checkpoint is not None:
            self._stored_at = self._beat_at
        return cancel

    def _beat(self, rows: list[EpochRow], checkpoint: CheckpointRow | None) -> Beat:
        return lambda connection: heartbeat(
            connection,
            self._claim,
            lease_seconds=self._settings.lease_seconds,
            progress=self.progress,
            new_epochs=rows,
            checkpoint=checkpoint,
        )

    def _beat_between(self) -> None:
        seen = self._activity()
        while not self._stopping.wait(self._settings.heartbeat_seconds):
            moved = self._activity()
            if moved == seen:
                self._end_if_lost()
            else:
                self._beat_if_late()
            seen = moved

    def _end_if_lost(self) -> None:
        """End a process that hangs once its lease is lost: nothing that it writes tells it so, and it takes a place."""
        try:
            with self._database.read() as connection:
                lost = not is_held(connection, self._claim)
        except DatabaseError:
            return  # who knows: nobody loses a lease while the database is away
        if lost and not self._stopping.is_set():
            log.warning("job %s: hangs, and its lease is lost; ending", self._claim.job_id)
            os._exit(LEASE_LOST)

    def _beat_if_late(self) -> None:
        with self._lock:
            late = time.monotonic() - self._beat_at >= self._settings.heartbeat_seconds
            if late and not self._stopping.is_set():
                self._beat_alone()

    def _beat_alone(self) -> None:
        try:
            if self._database.write(self._beat([], None), attempts=1):  # the next beat is another
                abort(self._database, self._claim, end_cancelled, "cancelled in the middle of an epoch")
            self._beat_at = time.monotonic()
            self._pause = min(self._pause, self._settings.heartbeat_seconds)  # the database is there again
        except LeaseLostError:
            log.warning("job %s: the lease is lost; stopping at once", self._claim.job_id)
            os._exit(LEASE_LOST)
        except DatabaseError as error:
            log.warning("job %s: no heartbeat: %s", self._claim.job_id, error)
