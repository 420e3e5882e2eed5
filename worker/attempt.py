"""An attempt, as its worker sees it: claims a job, starts its child process, and writes how the process ended."""

import contextlib
import logging
import secrets
import signal
import subprocess
from collections.abc import Callable

from store.artifacts import ArtifactStore
from store.database import Connection, Database
from store.errors import DatabaseError, LeaseLostError
from store.jobs.claim import Claim, claim_next
from store.jobs.finish import end_cancelled, fail
from store.jobs.requeue import requeue, strike
from store.settings import Settings
from worker.limits import cpu_limit_text, memory_limit_text
from worker.outages import retry_through_outages, write_through_outages
from worker.warm_process import ProcessStarter

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
STARTING_SECONDS = 10.0  # the least first lease: a process needs some time until its first heartbeat


class Attempts:
    """Runs the attempts of one worker, each in a thread that waits for a child process."""

    def __init__(self, settings: Settings, database: Database, worker: str, starter: ProcessStarter) -> None:
        self._settings = settings
        self._database = database
        self._worker = worker
        self._starter = starter
        self._stopping = False

    def run(self, job_id: str) -> bool:
        """Run the next job of this job's kind, if one can be claimed; return whether to run another."""
        claimed = self._claim(str(job_id))
        if claimed is None:
            return False
        log.info("job %s: attempt %d begins", claimed.job_id, claimed.token)
        try:
            child = self._starter.start(claimed)
        except OSError as error:
            log.exception("job %s: its process cannot be started", claimed.job_id)
            self._strike(claimed, f"could not be started ({error.strerror})")
            return False
        code = self._wait(child)
        ArtifactStore(self._settings.artifacts).drop_drafts(claimed.job_id, claimed.token)
        log.info("job %s: attempt %d ended with code %d", claimed.job_id, claimed.token, code)
        self._write_end(claimed, code)
        return not self._stopping

    def _claim(self, job_id: str) -> Claim | None:
        """Claim a job, unless this worker stops.

        Each try carries the same name, which finds a claim whose COMMIT got no answer. Such a claim, if it were
        forgotten, would lose its lease and cost the job a strike.
        """
        kinds, lease = self._settings.worker_queues, max(self._settings.lease_seconds, STARTING_SECONDS)
        me = f"{self._worker}#{secrets.token_hex(4)}"

        def work(connection: Connection) -> Claim | None:
            return claim_next(connection, job_id, kinds=kinds, worker=me, lease_seconds=lease)

        try:
            claimed = retry_through_outages(lambda: None if self._stopping else self._database.write(work))
        except DatabaseError as error:
            log.warning("job %s is not claimed, and will be published again: %s", job_id, error)
            return None
        if claimed is None and not self._stopping:
            log.info("message about job %s: no job of its kind can be claimed", job_id)
        return claimed

    def stop(self, **_: object) -> None:
        """Have every child store a checkpoint and requeue its job; claim no more."""
        self._stopping = True  # and nothing else: this runs in a signal handler

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        """Return the child's exit code; send it SIGTERM once when this worker stops."""
        while not self._stopping:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(LOOK_SECONDS)
                break
        else:
            child.send_signal(signal.SIGTERM)
        code = child.wait()
        if child.stdin is not None:
            child.stdin.close()  # not before: the child ends when this closes
        return code

    def _write_end(self, claimed: Claim, code: int) -> None:
        """Write the end of an attempt by the exit code of its child.

        1. 0: the child has ended or requeued the job, and nothing is left to write.
        2. SIGTERM while this worker stops, before the child handles that signal: requeue.
        3. SIGXCPU, the limit of processor time: the job fails.
        4. SIGABRT, by which Arrow ends a process that has no memory left: the job fails.
        5. Any other code or signal: a strike, which is refused where the lease is lost.
        """
        if code == 0:
            return
        if code == -signal.SIGTERM and self._stopping:
            self._end(claimed, lambda connection: requeue(connection, claimed))
        elif code == -signal.SIGXCPU:
            self._fail(claimed, "cpu_limit", cpu_limit_text(self._settings))
        elif code == -signal.SIGABRT:
            self._fail(claimed, "out_of_memory", memory_limit_text(self._settings))
        else:
            self._strike(claimed, f"was killed by signal {-code}" if code < 0 else f"ended with code {code}")

    def _fail(self, claimed: Claim, code: str, text: str) -> None:
        self._end(claimed, lambda connection: fail(connection, claimed, code=code, text=text))

    def _strike(self, claimed: Claim, why: str) -> None:
        """Write a strike for a child that could not end the job itself."""
        limit = self._settings.strike_limit
        text = (
            f"the job's process {why}, which was strike {limit} of {limit}; its worker's log says more. "
            "Retry it, with a smaller network or table if memory was short"
        )
        self._end(
            claimed, lambda connection: strike(connection, claimed, limit=limit, code="worker_crashed", text=text)
        )

    def _end(self, claimed: Claim, end: Callable[[Connection], object]) -> None:
        """Write how the attempt ended; where that is refused, end the job as cancelled if that was requested."""
        for write in (end, lambda connection: end_cancelled(connection, claimed)):
            try:
                write_through_outages(self._database, write)
            except LeaseLostError:
                continue
            return
        log.info("job %s: token %d is no longer the job's", claimed.job_id, claimed.token)
