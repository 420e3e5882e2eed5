"""Metrics of jobs, read from the database at each scrape: equal in every process, and after a restart."""

import logging
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from store.database import Connection, Database
from store.errors import DatabaseError
from store.job_states import FINISHED, KINDS, JobState
from store.jobs.statistics import DURATIONS, WAITS, Distribution, JobStatistics, Queue, StatisticsCache
from store.workers import count_alive

log = logging.getLogger(__name__)


class JobsCollector(Collector):
    """Counts jobs in the database; during an outage, it only reports the outage.

    Units: seconds, within which a worker must have been seen to count as alive.
    """

    def __init__(self, database: Database, within_seconds: float) -> None:
        self._database = database
        self._within_seconds = within_seconds
        self._statistics = StatisticsCache()

    def read(self, connection: Connection) -> JobStatistics:
        """Return the statistics of jobs as of now."""
        return self._statistics.read(connection)

    def collect(self) -> Iterable[Metric]:
        """Read and yield the metrics."""
        try:
            with self._database.read() as connection:
                figures = self.read(connection)
                workers = count_alive(connection, within_seconds=self._within_seconds)
        except DatabaseError as error:
            log.warning("no figures of jobs: %s", error)
            yield GaugeMetricFamily("ebb_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("ebb_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("ebb_workers_alive", "Workers seen within three heartbeats.", workers)
        yield GaugeMetricFamily("ebb_checkpoints", "Checkpoints kept.", figures.checkpoints)
        yield GaugeMetricFamily("ebb_checkpoint_bytes", "Bytes of checkpoints kept.", figures.checkpoint_bytes)
        yield from _queue("queued", "that wait", "the longest time one has been free to start", figures.queued)
        yield from _queue("running", "under way", "the age of the oldest heartbeat", figures.running)
        yield from _counters(figures)
        yield from _distributions(figures)


def _queue(name: str, what: str, oldest: str, queues: dict[str, Queue]) -> Iterator[Metric]:
    count = GaugeMetricFamily(f"ebb_jobs_{name}", f"Jobs {what}.", labels=("kind",))
    age = GaugeMetricFamily(f"ebb_jobs_{name}_oldest_seconds", f"Of jobs {what}, {oldest}.", labels=("kind",))
    for kind in KINDS:
        queue = queues.get(kind, Queue())
        count.add_metric((kind,), queue.jobs)
        age.add_metric((kind,), queue.oldest)
    yield from (count, age)


def _counters(figures: JobStatistics) -> Iterator[Metric]:
    finished = CounterMetricFamily("ebb_jobs_finished", "Jobs that ended.", labels=("kind", "state", "error_code"))
    for labels in sorted({*figures.finished, *((kind, JobState.SUCCEEDED, "") for kind in KINDS)}):
        finished.add_metric(labels, figures.finished.get(labels, 0))
    strikes = CounterMetricFamily("ebb_jobs_strikes", "Attempts that crashed or lost their lease.", labels=("kind",))
    losses = CounterMetricFamily("ebb_jobs_lease_losses", "Leases that ran out.", labels=("kind",))
    for kind in KINDS:
        strikes.add_metric((kind,), figures.strikes.get(kind, 0))
        losses.add_metric((kind,), figures.lease_losses.get(kind, 0))
    yield from (finished, strikes, losses)


def _distributions(figures: JobStatistics) -> Iterator[Metric]:
    took = HistogramMetricFamily("ebb_job_duration_seconds", "From first start to end.", labels=("kind", "state"))
    waited = HistogramMetricFamily("ebb_job_wait_seconds", "From submission to first start.", labels=("kind",))
    for kind in KINDS:
        for state in FINISHED:
            took.add_metric((kind, state), *_buckets(figures.durations.get((kind, state)), DURATIONS))
        waited.add_metric((kind,), *_buckets(figures.waits.get(kind), WAITS))
    yield from (took, waited)


def _buckets(times: Distribution | None, bounds: tuple[float, ...]) -> tuple[list[tuple[str, float]], float]:
    times = times or Distribution([0] * len(bounds))
    buckets = [(str(bound), float(count)) for bound, count in zip(bounds, times.at_most, strict=True)]
    return [*buckets, ("+Inf", float(times.count))], times.microseconds / 1e6
