"""Writes the progress of an attempt: epochs, standings and checkpoints, at a rate that costs the work little time."""

import logging
import time
from collections.abc import Callable, Mapping

from store.errors import DatabaseError
from store.jobs.checkpoints import CheckpointRow
from store.jobs.epoch import Epoch
from worker.heartbeats import Heartbeats
from worker.outages import retry_through_outages
from worker.work import WorkUnit

log = logging.getLogger(__name__)

SHORTEST_SECONDS = 0.2  # between two writes: as often as a person who watches can see
COST_SHARE = 0.01  # of the time, at most, that writes may take; but there is one every heartbeat


class ProgressWriter:
    """Collects the units of one attempt, and writes them when a write is due.

    The pause after a write is 100 times its duration, and at most a heartbeat. The pause after a write with a
    checkpoint is as long, and at least a heartbeat. After a failed write the work goes on, and its epochs wait in
    memory until a heartbeat of the lease keeper is written. `renew` keeps the lease between the tries of a flush.
    """

    def __init__(self, heartbeats: Heartbeats, heartbeat_seconds: float, renew: Callable[[], None]) -> None:
        self._heartbeats = heartbeats
        self._renew = renew
        self._heartbeat_seconds = heartbeat_seconds
        self._epochs: list[Epoch] = []
        self._standings: list[Mapping[str, object]] = []
        self._due_at = time.monotonic()
        self._checkpoint_due_at = self._due_at + heartbeat_seconds
        self._failed_at: float | None = None

    def add(self, unit: WorkUnit, checkpoint: Callable[[], CheckpointRow | None]) -> bool:
        """Add a unit, write if that is due, and return whether cancellation was requested.

        Raises: LeaseLostError.
        """
        if unit.epoch is not None:
            while self._epochs and self._epochs[-1].epoch >= unit.epoch.epoch:
                self._epochs.pop()  # the training diverged and began again; the store replaces those that it has
            self._epochs.append(unit.epoch)
        if unit.standing is not None:
            self._standings.append(unit.standing)
        self._heartbeats.progress = unit.progress
        if not self._is_due():
            return False
        return self._write(checkpoint if time.monotonic() >= self._checkpoint_due_at else None)

    def flush(self, checkpoint: CheckpointRow | None = None) -> bool:
        """Write all that was added, however long the database is away; return whether cancellation was requested.

        Raises: LeaseLostError.
        """
        cancel = retry_through_outages(
            lambda: self._heartbeats.write(self._epochs, checkpoint, standings=self._standings), self._renew
        )
        self._epochs, self._standings = [], []
        return cancel

    def _is_due(self) -> bool:
        if self._heartbeats.busy:
            return False
        if self._failed_at is not None:
            return self._heartbeats.written_at > self._failed_at
        return time.monotonic() >= self._due_at

    def _write(self, checkpoint: Callable[[], CheckpointRow | None] | None) -> bool:
        begun = time.monotonic()
        try:
            state = checkpoint() if checkpoint else None
            cancel = self._heartbeats.write(self._epochs, state, standings=self._standings, attempts=1)
        except DatabaseError as error:
            log.warning("job %s: progress is kept in memory: %s", self._heartbeats.claim.job_id, error)
            self._failed_at = time.monotonic()
            return False
        self._epochs, self._standings, self._failed_at = [], [], None
        ended = time.monotonic()
        pause = max(SHORTEST_SECONDS, (ended - begun) / COST_SHARE)
        self._due_at = ended + min(pause, self._heartbeat_seconds)
        if checkpoint is not None:
            self._checkpoint_due_at = ended + max(pause, self._heartbeat_seconds)
        return cancel
