"""Keeps the lease of an attempt: a thread that writes a heartbeat while the work is active.

The progress writer (worker.progress_writer) writes heartbeats between units. The thread writes them within a unit that
takes longer than a lease. A job that hangs loses its lease, and its process then ends.
"""

import logging
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from store.database import Database
from store.errors import DatabaseError, LeaseLostError
from store.jobs.fence import is_held
from store.jobs.finish import end_cancelled
from worker.abort import abort
from worker.heartbeats import Heartbeats

log = logging.getLogger(__name__)

LEASE_LOST = 75  # EX_TEMPFAIL: the exit code of a process that may no longer write


class LeaseKeeper:
    """Keeps one lease within its context; `activity` returns any number that changes while work is done."""

    def __init__(
        self, database: Database, heartbeats: Heartbeats, heartbeat_seconds: float, activity: Callable[[], float]
    ) -> None:
        self.activity = activity
        self._database = database
        self._heartbeats = heartbeats
        self._claim = heartbeats.claim
        self._heartbeat_seconds = heartbeat_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self._stopping.set()
        self._thread.join()

    def renew_if_late(self) -> None:
        """Renew a lease that is a heartbeat old; end the process where the lease is lost or the job cancelled."""
        try:
            if self._heartbeats.write_if_late(self._heartbeat_seconds):
                abort(self._database, self._claim, end_cancelled, "cancelled in the middle of an epoch")
        except LeaseLostError:
            log.warning("job %s: the lease is lost; stopping at once", self._claim.job_id)
            os._exit(LEASE_LOST)
        except DatabaseError as error:
            log.warning("job %s: no heartbeat: %s", self._claim.job_id, error)

    def try_to_renew(self) -> None:
        """Renew the lease while the write that ends the job is retried; that write itself meets a lost lease."""
        try:
            self._heartbeats.write()
        except (LeaseLostError, DatabaseError) as error:
            log.warning("job %s: no heartbeat: %s", self._claim.job_id, error)

    def _run(self) -> None:
        seen = self.activity()
        while not self._stopping.wait(self._heartbeat_seconds):
            active = self.activity()
            if active == seen:
                self._end_if_lost()
            else:
                self.renew_if_late()
            seen = active

    def _end_if_lost(self) -> None:
        """End the process of a job that hangs once its lease is lost, because it writes nothing that would fail."""
        try:
            with self._database.read() as connection:
                lost = not is_held(connection, self._claim)
        except DatabaseError:
            return  # no sweeper expires leases while the database is away
        if lost and not self._stopping.is_set():
            log.warning("job %s: hangs, and its lease is lost; ending", self._claim.job_id)
            os._exit(LEASE_LOST)
