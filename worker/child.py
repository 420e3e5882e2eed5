"""`python -m worker.child`: the child process of one attempt. It reads a claim, does the job's work and ends the job.

The claim is one line on standard input: the job's id and the token. A warm process (worker.warm_process) may wait long
for it; when the input closes without a claim, the process ends. Exit code 0 means that this process ended or requeued
the job. For any other code the parent writes a strike.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from model.errors import ModelError
from store.database import Database, open_database
from store.errors import ArtifactError, DiskFullError, LeaseLostError, QuotaError
from store.jobs.claim import Claim
from store.jobs.finish import end_cancelled, fail
from store.jobs.read import get_job
from store.jobs.requeue import requeue
from store.jobs.restart import record_restart
from store.process_limits import lift_memory
from store.settings import Settings, read_settings
from worker.abort import abort
from worker.errors import CancelledError, DatasetError, ShutDownError
from worker.kinds import KINDS
from worker.lease_keeper import LEASE_LOST, LeaseKeeper
from worker.limits import limit, storage_trouble
from worker.outages import retry_through_outages, write_through_outages
from worker.result import code_of
from worker.work import Work

log = logging.getLogger("worker.child")

GRACE_SECONDS = 10.0  # for the piece of work under way, once asked to stop
LOOK_SECONDS = 0.2


class Shutdown:
    """Whether this process was asked to stop: by SIGTERM, or by the death of its parent.

    The work looks after each epoch or chunk of rows. Where that is a long one, the job is handed back without it.
    """

    def __init__(self, database: Database, claim: Claim) -> None:
        self.asked = False
        self._database = database
        self._claim = claim
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for watch in (self._end_with_parent, self._end_in_time):
            threading.Thread(target=watch, name=watch.__name__, daemon=True).start()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True  # and nothing else: a lock taken in a signal handler may be one it interrupted

    def _end_in_time(self) -> None:
        while not self.asked:
            time.sleep(LOOK_SECONDS)
        time.sleep(GRACE_SECONDS)
        abort(self._database, self._claim, requeue, "handed back in the middle of an epoch")

    def _end_with_parent(self) -> None:
        # The parent writes no more: the read returns when its end of the pipe closes, which its death does.
        os.read(sys.stdin.fileno(), 1)
        os._exit(LEASE_LOST)


def main() -> int:
    """Wait for a claim, and run the attempt that it stands for."""
    settings = read_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    claim = _hear()
    if claim is None:
        return 0
    _show(claim)
    limit(settings)
    database = open_database(settings.database_url, pool_size=2)
    shutdown = Shutdown(database, claim)
    try:
        _run(settings, database, claim, shutdown)
    except LeaseLostError as error:
        log.warning("%s; stopping at once", error)
        return LEASE_LOST
    finally:
        database.close()
    return 0


def _hear() -> Claim | None:
    """Return the claim once it comes, or None where the worker is gone; unbuffered, for the end is waited for later."""
    heard = b""
    while not heard.endswith(b"\n"):
        part = os.read(sys.stdin.fileno(), 1024)
        if not part:
            return None
        heard += part
    job_id, token = heard.decode().split()
    return Claim(job_id, int(token))


def _show(claim: Claim) -> None:
    """Have `ps -o comm` show which job this process runs, by the last part of its id; Linux keeps 15 letters."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(claim.job_id.rpartition("-")[2])


def _run(settings: Settings, database: Database, claim: Claim, shutdown: Shutdown) -> None:
    kind = retry_through_outages(lambda: _kind(database, claim))
    try:
        _work(kind, settings, database, claim, shutdown)
    except ShutDownError:
        write_through_outages(database, lambda connection: requeue(connection, claim))
        log.info("job %s: handed back", claim.job_id)
    except CancelledError:
        write_through_outages(database, lambda connection: end_cancelled(connection, claim))
    except (ModelError, DatasetError, ArtifactError, DiskFullError, QuotaError) as error:
        cause = error.__cause__
        trouble = storage_trouble(cause, settings) if isinstance(cause, OSError) else None
        code, text = trouble or (code_of(error), str(error))
        write_through_outages(database, lambda connection: fail(connection, claim, code=code, text=text))
        log.warning("job %s: failed: %s", claim.job_id, text)
    except MemoryError:
        lift_memory()  # or there may be none left to say so
        text = kind.out_of_memory
        write_through_outages(database, lambda connection: fail(connection, claim, code="out_of_memory", text=text))
    except OSError as error:
        trouble = storage_trouble(error, settings)
        if trouble is None:
            raise
        code, text = trouble
        write_through_outages(database, lambda connection: fail(connection, claim, code=code, text=text))
        log.warning("job %s: failed: %s", claim.job_id, text)


def _kind(database: Database, claim: Claim) -> type[Work]:
    with database.read() as connection:
        return KINDS[get_job(connection, claim.job_id).kind]


def _work(kind: type[Work], settings: Settings, database: Database, claim: Claim, shutdown: Shutdown) -> None:
    work = retry_through_outages(lambda: kind.load(settings, database, claim.job_id))
    with LeaseKeeper(settings, database, claim, work.activity) as keeper:
        again = work.prepare()
        if again is not None:
            write_through_outages(database, lambda connection: record_restart(connection, claim, reason=again))
        keeper.progress = work.progress
        for unit in work.units():
            if keeper.unit(unit, work.checkpoint):
                raise CancelledError
            if shutdown.asked:
                keeper.drain(work.checkpoint())
                raise ShutDownError
        if keeper.drain():
            raise CancelledError
        end = work.completion()
    told = write_through_outages(database, lambda connection: end(connection, claim), keeper.sign)
    log.info("job %s: %s", claim.job_id, told)


if __name__ == "__main__":
    os._exit(main())  # at once, for taking the interpreter down in good order takes a quarter of a second
