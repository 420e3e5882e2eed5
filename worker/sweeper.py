"""The sweeper: every second, whatever no single worker can see to. One runs in each worker; any number may."""

import logging
import threading
import time
from collections.abc import Callable

from store.database import Connection, Database
from store.doorbell import Doorbell
from store.errors import BrokerError, DatabaseError
from store.jobs.expire import expire_leases, flag_deadlines
from store.jobs.publish import take_unpublished
from store.settings import Settings
from store.workers import sign_in, sign_out

log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0


class Sweeper(threading.Thread):
    """Signs its worker in, rings for jobs nobody was told of, expires leases and flags deadlines.

    Leases are left alone for one lease after its own start and after each time the database was away, so that an
    outage, in which no owner could renew, costs no healthy job a strike.
    """

    def __init__(self, settings: Settings, database: Database, doorbell: Doorbell, worker: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._settings = settings
        self._database = database
        self._doorbell = doorbell
        self._worker = worker
        self._stopping = threading.Event()
        self._patient_until = time.monotonic() + settings.lease_seconds
        self._signed_in_at = float("-inf")

    def run(self) -> None:
        """Sweep until stopped."""
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                self.sweep()
            except DatabaseError as error:
                log.warning("the database is away: %s", error)
                self._be_patient()
            except BrokerError as error:
                log.warning("%s; waiting jobs are rung for again", error)
            if time.monotonic() - begun > self._settings.lease_seconds / 2:
                self._be_patient()  # so slow a database kept owners from renewing, too
            self._stopping.wait(PERIOD_SECONDS)

    def sweep(self) -> None:
        """Do everything once.

        Raises: DatabaseError, BrokerError.
        """
        if time.monotonic() - self._signed_in_at >= self._settings.heartbeat_seconds:
            self._database.write(lambda connection: sign_in(connection, self._worker))
            self._signed_in_at = time.monotonic()
        if time.monotonic() >= self._patient_until:
            limit = self._settings.strike_limit
            for job_id in self._write(lambda connection: expire_leases(connection, strike_limit=limit)):
                log.warning("job %s: its lease ran out, its worker is gone", job_id)
        self._database.write(flag_deadlines)
        republish = self._settings.republish_seconds
        for job_id in self._write(lambda connection: take_unpublished(connection, republish_seconds=republish)):
            self._doorbell.ring(job_id)

    def stop(self) -> None:
        """Stop, and sign the worker out."""
        self._stopping.set()
        self.join(timeout=PERIOD_SECONDS * 5)
        try:
            self._database.write(lambda connection: sign_out(connection, self._worker))
        except DatabaseError as error:
            log.warning("could not sign out: %s", error)

    def _write(self, work: Callable[[Connection], list[str]]) -> list[str]:
        return self._database.write(work)

    def _be_patient(self) -> None:
        self._patient_until = time.monotonic() + self._settings.lease_seconds
