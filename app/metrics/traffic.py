"""Metrics of requests and scores.

Under gunicorn each process counts in a file of its own, in the folder PROMETHEUS_MULTIPROC_DIR; the process that is
scraped sums them. Labels are bounded: the label of a path is its route, that of a status is its class.
"""

import time

from flask import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

from app.edge.exchange import Exchange, Hooks
from app.routing.route import Route

SHARED = values.ValueClass is not values.MutexValue
UNKNOWN = "none", "other"  # a path without a route, or another method
SHED = {429, 503}
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Traffic:
    """The counters of one process."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._named = {route.name: (route.path, route.method) for route in routes}
        self.registry = CollectorRegistry()
        into = None if SHARED else self.registry
        by_route = ("route", "method")
        self._requests = Counter("ebb_http_requests", "Requests answered.", (*by_route, "status"), registry=into)
        self._seconds = Histogram(
            "ebb_http_request_seconds", "Time until an answer began.", by_route, buckets=SECONDS, registry=into
        )
        self._shed = Counter(
            "ebb_http_shed_requests", "Requests sent away to come back later.", ("route", "status"), registry=into
        )
        self._scored = Counter("ebb_scored_records", "Records of scoring requests.", ("outcome",), registry=into)
        self.streams = Gauge("ebb_event_streams", "Streams open.", multiprocess_mode="livesum", registry=into)
        self._good, self._bad = self._scored.labels("scored"), self._scored.labels("refused")
        self._counters: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def install(self, hooks: Hooks) -> None:
        """Count every request."""
        hooks.after_request(self._count)

    def scored(self, records: int, refused: int) -> None:
        """Count the records of a scoring request, and those that could not be scored."""
        self._good.inc(records - refused)
        if refused:
            self._bad.inc(refused)

    def _count(self, exchange: Exchange, response: Response) -> None:
        name, status = "" if exchange.route is None else exchange.route.name, response.status_code
        requests, seconds = self._of(name, status // 100)
        requests.inc()
        seconds.observe(time.perf_counter() - exchange.begun)
        if status in SHED:
            self._shed.labels(self._named.get(name, UNKNOWN)[0], str(status)).inc()

    def _of(self, name: str, status: int) -> tuple[Counter, Histogram]:
        """Return the counters of this kind of answer; they are cached, because looking labels up is slow."""
        counters = self._counters.get((name, status))
        if counters is None:
            labels = self._named.get(name, UNKNOWN)
            counters = self._requests.labels(*labels, f"{status}xx"), self._seconds.labels(*labels)
            self._counters[name, status] = counters
        return counters
