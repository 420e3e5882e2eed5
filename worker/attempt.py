"""One worker's try at a job, seen from outside: claim the row, start the child, judge how it ended."""

import logging
import os
import signal
import subprocess
import sys
import threading

from store.database import Database
from store.errors import DatabaseError, LeaseLostError
from store.jobs.claim import Claim, claim
from store.jobs.finish import end_cancelled
from store.jobs.hand_back import hand_back, strike
from store.settings import Settings
from worker.patience import write_patiently

log = logging.getLogger(__name__)

# One BLAS thread makes a training repeat to the byte, and lets as many trainings as cores run side by side.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Attempts:
    """The attempts that this worker has in hand."""

    def __init__(self, settings: Settings, database: Database, worker: str) -> None:
        self._settings = settings
        self._database = database
        self._worker = worker
        self._children: set[subprocess.Popen[bytes]] = set()
        self._stopping = False
        self._lock = threading.Lock()

    def run(self, job_id: str) -> None:
        """Run the job, unless the message came late, doubled or forged; the Celery task."""
        claimed = self._claim(str(job_id))
        if claimed is None:
            return
        log.info("job %s: attempt %d begins", claimed.job_id, claimed.token)
        child = self._start(claimed)
        if child is None:
            self._write_end(claimed, shut_down=True, code=0)
            return
        code = child.wait()
        with self._lock:
            self._children.discard(child)
        log.info("job %s: attempt %d ended with code %d", claimed.job_id, claimed.token, code)
        if code != 0:
            # Our SIGTERM may reach a child that is not yet, or no longer, there to obey it; that is no strike.
            self._write_end(claimed, shut_down=self._stopping and code == -signal.SIGTERM, code=code)

    def _claim(self, job_id: str) -> Claim | None:
        lease = self._settings.lease_seconds
        try:
            claimed = self._database.write(
                lambda connection: claim(connection, job_id, worker=self._worker, lease_seconds=lease)
            )
        except DatabaseError as error:
            log.warning("job %s is not begun, and will be rung for again: %s", job_id, error)
            return None
        if claimed is None:
            log.info("job %s is not to be had: another worker has it, or it has ended", job_id)
        return claimed

    def stop(self, **_: object) -> None:
        """Ask every child to checkpoint and hand its job back; start no more."""
        with self._lock:
            self._stopping = True
            for child in self._children:
                child.send_signal(signal.SIGTERM)

    def _start(self, claimed: Claim) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping:
                return None
            child = subprocess.Popen(
                [sys.executable, "-m", "worker.training", claimed.job_id, str(claimed.token)],
                env={**os.environ, **self._settings.environ(), **ONE_THREAD},
                stdin=subprocess.PIPE,  # closes when this process dies, however it dies; the child then ends
                start_new_session=True,
            )
            self._children.add(child)
            return child

    def _write_end(self, claimed: Claim, *, shut_down: bool, code: int) -> None:
        """Give back what the child could not: its own end says nothing when it was killed."""
        limit = self._settings.strike_limit
        why = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        text = f"the training process {why} {limit} times; its worker's log says more. Lower its size, or retry it"
        try:
            if shut_down:
                write_patiently(self._database, lambda connection: hand_back(connection, claimed))
            else:
                write_patiently(
                    self._database,
                    lambda connection: strike(connection, claimed, limit=limit, code="worker_crashed", text=text),
                )
        except LeaseLostError:
            self._end_if_cancelled(claimed)

    def _end_if_cancelled(self, claimed: Claim) -> None:
        try:
            write_patiently(self._database, lambda connection: end_cancelled(connection, claimed))
        except LeaseLostError:
            log.info("job %s: token %d no longer counts", claimed.job_id, claimed.token)
