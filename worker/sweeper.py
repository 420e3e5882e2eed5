"""The sweeper: a thread of each worker that repairs the queue every second. Any number may run at once."""

import logging
import threading
import time
from collections import deque
from functools import partial

from store.artifacts import ArtifactStore
from store.clock import read_clock
from store.database import Connection, Database
from store.doorbell import Doorbell
from store.errors import BrokerError, DatabaseError
from store.jobs.deadlines import end_overdue, flag_deadlines
from store.jobs.expire import expire_leases
from store.jobs.publish import AT_ONCE, count_unclaimed, take_unclaimed, take_unpublished, unmark_published
from store.orphans import sweep_orphans
from store.retention import FILES_AT_ONCE, Ages, remove_expired, remove_old_versions
from store.settings import Settings
from store.workers import register_worker, unregister_worker

log = logging.getLogger(__name__)

PERIOD_SECONDS = 1.0
FILES_SECONDS = 600.0


class Sweeper(threading.Thread):
    """Registers its worker, publishes jobs, expires leases, flags deadlines and removes files.

    It expires no lease for one lease's length after its own start, after an outage of the database and after a jump of
    the database's clock: in that time healthy workers may have been unable to renew.
    """

    def __init__(self, settings: Settings, database: Database, doorbell: Doorbell, worker: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._settings = settings
        self._database = database
        self._doorbell = doorbell
        self._worker = worker
        self._stopping = threading.Event()
        self._registered_at = self._files_swept_at = float("-inf")
        self._clocks: tuple[float, float] | None = None
        self._spare_leases()

    def run(self) -> None:
        """Sweep until stopped."""
        while not self._stopping.is_set():
            try:
                self.sweep()
            except DatabaseError as error:
                log.warning("the database is away: %s", error)
            except BrokerError as error:
                log.warning("%s; waiting jobs are published later", error)
            except Exception:  # the sweeper must not die: nothing else repairs the queue
                log.exception("a sweep failed; the next one follows")
            self._stopping.wait(PERIOD_SECONDS)

    def sweep(self) -> None:
        """Do everything once.

        Raises: DatabaseError, BrokerError, ArtifactError.
        """
        try:
            self._register()
            self._compare_clocks()
            if time.monotonic() >= self._spared_until:
                for job_id in self._expire():
                    log.warning("job %s: its lease expired", job_id)
            for job_id in self._database.write(end_overdue):
                log.warning("job %s: its deadline passed before a worker claimed it", job_id)
            self._database.write(flag_deadlines)
            self._publish()
            self._sweep_files()
        except DatabaseError:
            self._spare_leases()
            raise

    def stop(self) -> None:
        """Stop, and unregister the worker."""
        self._stopping.set()
        self.join(timeout=PERIOD_SECONDS * 5)
        try:
            self._database.write(lambda connection: unregister_worker(connection, self._worker))
        except DatabaseError as error:
            log.warning("could not unregister the worker: %s", error)

    def _register(self) -> None:
        if time.monotonic() - self._registered_at >= self._settings.heartbeat_seconds:
            kinds, most = self._settings.worker_queues, self._settings.training_bytes
            self._database.write(lambda connection: register_worker(connection, self._worker, kinds, job_bytes=most))
            self._registered_at = time.monotonic()

    def _publish(self) -> None:
        """Publish jobs that were never published, and those that nobody claimed since.

        The first message of a job is always sent: the messages that the broker holds may be about ended jobs. Later
        messages are sent only until the broker holds as many as there are claimable jobs of the kind. Any message leads
        to the kind's next job, so more would only pile up while every worker is busy.
        """
        self._publish_jobs(self._database.write(take_unpublished))
        late = self._settings.republish_seconds
        with self._database.read() as connection:
            unclaimed = count_unclaimed(connection, republish_seconds=late)
        for kind, due in unclaimed.items():
            wanted = due - self._doorbell.waiting(kind)
            if wanted > 0:
                again = partial(take_unclaimed, kind=kind, republish_seconds=late, limit=min(wanted, AT_ONCE))
                self._publish_jobs(self._database.write(again))

    def _publish_jobs(self, kinds: dict[str, str]) -> None:
        unsent = deque(kinds)
        try:
            while unsent:
                self._doorbell.ring(unsent[0], kinds[unsent[0]])
                unsent.popleft()
        except BrokerError:
            self._database.write(lambda connection: unmark_published(connection, *unsent))
            raise

    def _sweep_files(self) -> None:
        if time.monotonic() - self._files_swept_at < FILES_SECONDS:
            return
        self._files_swept_at = time.monotonic()
        kept, settings = ArtifactStore(self._settings.artifacts), self._settings
        if swept := kept.sweep() + sweep_orphans(kept, self._database):
            log.info("removed %d files that got no row within a day", swept)
        ages = Ages(settings.dataset_days, settings.result_days)
        removed = remove_expired(self._database, kept, ages, limit=FILES_AT_ONCE)
        for file in removed:
            log.info("removed %s, %d bytes, last used at %s", file.sha256, file.size, file.used_at)
        for version in remove_old_versions(self._database, settings.version_days, limit=FILES_AT_ONCE):
            log.info(
                "removed version %d of model %s, trained at %s", version.version, version.model, version.created_at
            )
        if len(removed) == FILES_AT_ONCE:  # there may be more; the next sweep continues
            self._files_swept_at = float("-inf")

    def _expire(self) -> list[str]:
        begun, limit = time.monotonic(), self._settings.strike_limit

        def work(connection: Connection) -> list[str]:
            if time.monotonic() - begun > self._settings.heartbeat_seconds:
                self._spare_leases()  # the database was slow: workers may have been unable to renew
                return []
            return expire_leases(connection, strike_limit=limit)

        return self._database.write(work)

    def _compare_clocks(self) -> None:
        """Spare the leases after a jump of the database's clock against ours, and after a long time without a sweep.

        A long time without one means that the machine slept, this process was frozen, or the database was slow.
        """
        with self._database.read() as connection:
            theirs = read_clock(connection)
        ours = time.monotonic()
        if self._clocks is not None:
            their_step, our_step = theirs - self._clocks[0], ours - self._clocks[1]
            jumped = abs(their_step - our_step) > self._settings.heartbeat_seconds
            if jumped or our_step > self._settings.lease_seconds / 2:
                log.warning("%.1f s passed here and %.1f s on the database's clock", our_step, their_step)
                self._spare_leases()
        self._clocks = theirs, ours

    def _spare_leases(self) -> None:
        self._spared_until = time.monotonic() + self._settings.lease_seconds
