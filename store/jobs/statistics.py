"""Statistics of jobs: how many are queued, running and finished, how long they took, and why they failed.

They are counted from rows that stay: a finished job never changes, and the event log only grows. A counter therefore
never falls, also after a restart.
"""

import copy
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, and_, case, cast, func, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from store.clock import now, seconds_between
from store.job_states import FINISHED, UNFINISHED, JobState
from store.tables import checkpoints, job_events, jobs

SETTLED_SECONDS = 600.0  # longer than any transaction
STALE_SECONDS = 3600.0
DURATIONS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
WAITS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 2 * 3600.0)


@dataclass
class Distribution:
    """A histogram of durations: how many are at most each bound, how many there are, and their sum.

    The sum is a whole number: a sum of floats depends on their order, and could fall by the last bit.

    Units: bounds in seconds, the sum in microseconds.
    """

    at_most: list[int]
    count: int = 0
    microseconds: int = 0

    def add(self, at_most: Sequence[int], count: int, microseconds: int) -> None:
        """Add the durations of another group."""
        self.at_most = [mine + theirs for mine, theirs in zip(self.at_most, at_most, strict=True)]
        self.count += count
        self.microseconds += microseconds


@dataclass
class Queue:
    """The queued or running jobs of one kind.

    `oldest` is the longest time that a queued job has been claimable, or the age of a running job's oldest heartbeat.

    Units: seconds.
    """

    jobs: int = 0
    oldest: float = 0.0


def _queues() -> dict[str, Queue]:
    return defaultdict(Queue)


def _counts() -> dict[Any, int]:
    return defaultdict(int)


@dataclass
class JobStatistics:
    """Statistics by kind; `finished` also by state and error code, `durations` by kind and state."""

    queued: dict[str, Queue] = field(default_factory=_queues)
    running: dict[str, Queue] = field(default_factory=_queues)
    finished: dict[tuple[str, str, str], int] = field(default_factory=_counts)
    strikes: dict[str, int] = field(default_factory=_counts)
    lease_losses: dict[str, int] = field(default_factory=_counts)
    durations: dict[tuple[str, str], Distribution] = field(default_factory=dict)
    waits: dict[str, Distribution] = field(default_factory=dict)
    checkpoints: int = 0
    checkpoint_bytes: int = 0


class StatisticsCache:
    """Counts jobs, and caches the counts of jobs that can no longer change, so that the next count is cheap.

    Jobs that finished more than `settled_seconds` ago are settled: no transaction is that old, so all of them are
    committed. The cache is extended when its end is more than `stale_seconds` behind.
    """

    def __init__(self, settled_seconds: float = SETTLED_SECONDS, stale_seconds: float = STALE_SECONDS) -> None:
        self._settled_seconds = settled_seconds
        self._stale = timedelta(seconds=stale_seconds)
        self._lock = threading.Lock()
        self._settled = JobStatistics()
        self._until = datetime.min.replace(tzinfo=UTC)
        self._last_event = 0

    def read(self, connection: Connection) -> JobStatistics:
        """Return the statistics as of now."""
        with self._lock:
            settled: datetime = connection.execute(select(now(-self._settled_seconds))).scalar_one()
            if settled - self._until > self._stale:
                self._settle(connection, settled)
            figures = copy.deepcopy(self._settled)
            _add_counters(connection, figures, jobs.c.finished_at > self._until, jobs.c.finished_at.is_(None))
            _add_losses(connection, figures, job_events.c.id > self._last_event)
        _add_now(connection, figures)
        kept = func.count(), func.coalesce(func.sum(func.length(checkpoints.c.state)), 0)
        figures.checkpoints, figures.checkpoint_bytes = connection.execute(select(*kept)).one()
        return figures

    def _settle(self, connection: Connection, until: datetime) -> None:
        event = select(job_events.c.id).where(job_events.c.at <= until).order_by(job_events.c.id.desc()).limit(1)
        last = connection.execute(event).scalar_one_or_none() or 0
        figures = copy.deepcopy(self._settled)
        _add_counters(connection, figures, and_(jobs.c.finished_at > self._until, jobs.c.finished_at <= until))
        _add_losses(connection, figures, job_events.c.id > self._last_event, job_events.c.id <= last)
        self._settled, self._until, self._last_event = figures, until, last


def _add_losses(connection: Connection, figures: JobStatistics, *which: ColumnElement[bool]) -> None:
    lost = job_events.c.data["reason"].as_string() == "lease lost"
    losses = select(jobs.c.kind, func.count()).join(jobs, jobs.c.id == job_events.c.job_id).group_by(jobs.c.kind)
    for kind, count in connection.execute(losses.where(*which, lost)):
        figures.lease_losses[kind] += count


def _add_now(connection: Connection, figures: JobStatistics) -> None:
    # A requeued job ran until its last heartbeat, and a job that backs off is not claimable yet.
    free = case((jobs.c.heartbeat_at > jobs.c.run_after, jobs.c.heartbeat_at), else_=jobs.c.run_after)
    since = case((jobs.c.state == JobState.RUNNING, jobs.c.heartbeat_at), else_=free)
    age = func.max(seconds_between(since, now()))
    alive = select(jobs.c.kind, jobs.c.state, func.count(), age).where(jobs.c.state.in_(UNFINISHED))
    for kind, state, count, oldest in connection.execute(alive.group_by(jobs.c.kind, jobs.c.state)):
        queues = figures.running if state == JobState.RUNNING else figures.queued
        queues[kind] = Queue(count, max(0.0, oldest))


def _add_counters(connection: Connection, figures: JobStatistics, *parts: ColumnElement[bool]) -> None:
    """Add the jobs of each part in one statement, which reads one snapshot: a job may move between the parts."""
    took = seconds_between(jobs.c.started_at, jobs.c.finished_at)
    waited = seconds_between(jobs.c.created_at, jobs.c.started_at)
    # Not the bare column: SQLite would use that column's index instead of the one for the condition.
    kind = func.coalesce(jobs.c.kind, "").label("kind")
    groups = (kind, jobs.c.state, func.coalesce(jobs.c.error_code, "").label("code"))
    columns = [
        func.count().label("jobs"),
        func.sum(jobs.c.strikes).label("strikes"),
        *_distributed("took", took, DURATIONS),
        *_distributed("waited", waited, WAITS),
    ]
    counted = union_all(*(select(*groups, *columns).where(part).group_by(*groups) for part in parts))
    for row in connection.execute(counted):
        figures.strikes[row.kind] += row.strikes
        waits = figures.waits.setdefault(row.kind, Distribution([0] * len(WAITS)))
        waits.add(*_read(row, "waited", len(WAITS)))
        if row.state in FINISHED:
            figures.finished[row.kind, row.state, row.code] += row.jobs
            empty = Distribution([0] * len(DURATIONS))
            figures.durations.setdefault((row.kind, row.state), empty).add(*_read(row, "took", len(DURATIONS)))


def _distributed(name: str, seconds: ColumnElement[float], bounds: Iterable[float]) -> list[ColumnElement[Any]]:
    """Return the columns of a distribution; they count no job without that duration."""
    counts = [
        func.sum(case((seconds <= bound, 1), else_=0)).label(f"{name}_{place}") for place, bound in enumerate(bounds)
    ]
    total = func.coalesce(func.sum(cast(func.round(seconds * 1e6), BigInteger)), 0)
    return [*counts, func.count(seconds).label(f"{name}_n"), total.label(f"{name}_us")]


def _read(row: Row[Any], name: str, bounds: int) -> tuple[list[int], int, int]:
    values = row._mapping
    return [values[f"{name}_{place}"] for place in range(bounds)], values[f"{name}_n"], int(values[f"{name}_us"])
