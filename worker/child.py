"""`python -m worker.child`: the child process of one attempt. It reads a claim, does the job's work and ends the job.

The claim is one line on standard input: the job's id and the token. A warm process (worker.warm_process) may wait long
for it; when the input closes without a claim, the process ends. Exit code 0 means that this process ended or requeued
the job. For any other code the parent writes a strike.
"""

import contextlib
import logging
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType

from model.errors import ModelError
from store.child_processes import end_with_parent, read_line
from store.database import Database, open_database
from store.errors import ArtifactError, DiskFullError, LeaseLostError, QuotaError
from store.jobs.claim import Claim
from store.jobs.finish import end_cancelled, fail
from store.jobs.read import get_job
from store.jobs.requeue import requeue
from store.jobs.restart import record_restart
from store.process_limits import leave_out_pandas, lift_memory
from store.settings import Settings, read_settings
from worker.abort import abort
from worker.errors import CancelledError, DatasetError, ShutDownError, error_code
from worker.heartbeats import Heartbeats
from worker.job_data import cpu_activity
from worker.kinds import KINDS
from worker.lease_keeper import LEASE_LOST, LeaseKeeper
from worker.limits import limit, storage_failure
from worker.outages import retry_through_outages, write_through_outages
from worker.progress_writer import ProgressWriter
from worker.work import Work

log = logging.getLogger("worker.child")

GRACE_SECONDS = 10.0  # for the unit under way, after SIGTERM
LOOK_SECONDS = 0.2


class Shutdown:
    """Handles SIGTERM: the work stops at the end of its unit, which sees `asked`.

    A unit that takes longer than the grace period is aborted.
    """

    def __init__(self, database: Database, claim: Claim) -> None:
        self.asked = False
        self._database = database
        self._claim = claim
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._end_in_time, name="shutdown", daemon=True).start()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True  # and nothing else: in a signal handler, taking a lock may deadlock

    def _end_in_time(self) -> None:
        while not self.asked:
            time.sleep(LOOK_SECONDS)
        time.sleep(GRACE_SECONDS)
        abort(self._database, self._claim, requeue, "requeued in the middle of an epoch")


def main() -> int:
    """Wait for a claim, and run its attempt."""
    settings = read_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    leave_out_pandas()
    claim = _read_claim()
    if claim is None:
        return 0
    _show_in_ps(claim)
    limit(settings)
    database = open_database(settings.database_url, pool_size=2)
    shutdown = Shutdown(database, claim)
    end_with_parent(LEASE_LOST)
    try:
        _run(settings, database, claim, shutdown)
    except LeaseLostError as error:
        log.warning("%s; stopping at once", error)
        return LEASE_LOST
    finally:
        database.close()
    return 0


def _read_claim() -> Claim | None:
    """Wait for the claim; return None where the worker is gone."""
    line = read_line()
    if not line:
        return None
    job_id, token = line.decode().split()
    return Claim(job_id, int(token))


def _show_in_ps(claim: Claim) -> None:
    """Show the last part of the job's id in `ps -o comm`, which keeps 15 letters on Linux."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(claim.job_id.rpartition("-")[2])


def _run(settings: Settings, database: Database, claim: Claim, shutdown: Shutdown) -> None:
    work_type = retry_through_outages(lambda: _work_type(database, claim))
    try:
        _work(work_type, settings, database, claim, shutdown)
    except ShutDownError:
        write_through_outages(database, lambda connection: requeue(connection, claim))
        log.info("job %s: requeued", claim.job_id)
    except CancelledError:
        write_through_outages(database, lambda connection: end_cancelled(connection, claim))
    except MemoryError:
        lift_memory()  # or there may be no memory for the report either
        _fail(database, claim, "out_of_memory", work_type.out_of_memory)
    except (ModelError, DatasetError, ArtifactError, DiskFullError, QuotaError, OSError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        failure = storage_failure(cause, settings) if isinstance(cause, OSError) else None
        if failure is None and isinstance(error, OSError):
            raise
        _fail(database, claim, *(failure or (error_code(error), str(error))))


def _fail(database: Database, claim: Claim, code: str, text: str) -> None:
    write_through_outages(database, lambda connection: fail(connection, claim, code=code, text=text))
    log.warning("job %s: failed: %s", claim.job_id, text)


def _work_type(database: Database, claim: Claim) -> type[Work]:
    with database.read() as connection:
        return KINDS[get_job(connection, claim.job_id).kind]


def _work(work_type: type[Work], settings: Settings, database: Database, claim: Claim, shutdown: Shutdown) -> None:
    heartbeats = Heartbeats(database, claim, settings.lease_seconds)
    with LeaseKeeper(database, heartbeats, settings.heartbeat_seconds, cpu_activity) as keeper:
        work = retry_through_outages(lambda: work_type.prepare(settings, database, claim.job_id))
        if (reason := work.restarted) is not None:
            write_through_outages(database, lambda connection: record_restart(connection, claim, reason=reason))
        heartbeats.progress, keeper.activity = work.progress, work.activity
        writer = ProgressWriter(heartbeats, settings.heartbeat_seconds, keeper.renew_if_late)
        for unit in work.units():
            if writer.add(unit, work.checkpoint):
                raise CancelledError
            if shutdown.asked:
                writer.flush(work.checkpoint())
                raise ShutDownError
        if writer.flush():
            raise CancelledError
        end = work.completion()
    summary = write_through_outages(database, lambda connection: end(connection, claim), keeper.try_to_renew)
    log.info("job %s: %s", claim.job_id, summary)


if __name__ == "__main__":
    os._exit(main())  # at once: an orderly exit of the interpreter takes a quarter of a second
