"""Metrics in Prometheus' format, summed over the processes of this server."""

from flask import Response, request

from app.metrics.exposition import expose
from app.routing.route import Route
from app.services import Services


def metrics(services: Services) -> Response:
    """Return counts of requests and scores since the server started, and of jobs in the database."""
    text, content_type = expose(services.traffic, services.jobs, request.headers.get("Accept", ""))
    return Response(text, content_type=content_type, headers={"Cache-Control": "no-store"})


ROUTES = (
    Route("GET", "/metrics", metrics, "read", "Metrics in Prometheus' format", {200: "text/plain"}, in_outages=True),
)
