"""Writes the metrics of all processes and of the database as one text, in the format of the Accept header."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.metrics.jobs_collector import JobsCollector
from app.metrics.traffic import SHARED, Traffic


def expose(traffic: Traffic, jobs: JobsCollector, accept: str) -> tuple[bytes, str]:
    """Return the text and its content type."""
    registry = CollectorRegistry()
    if SHARED:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types
    else:
        registry.register(traffic.registry)
    registry.register(jobs)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def forget(process: int) -> None:
    """Drop the gauges of a process that ended; its counters stay."""
    mark_process_dead(process)  # type: ignore[no-untyped-call]  # the library has no types
