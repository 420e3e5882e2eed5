"""Metrics in Prometheus' format, added up over the processes of this server."""

from flask import Response, request

from app.metrics.exposition import expose
from app.metrics.jobs import JobsCollector
from app.route import Route
from app.services import Services
from app.views.operations import HEARTBEATS


def metrics(services: Services, **_: object) -> Response:
    """Tell requests and scores since this server started, and jobs as the database has them."""
    jobs = JobsCollector(services.database, HEARTBEATS * services.settings.heartbeat_seconds)
    text, content_type = expose(services.traffic, jobs, request.headers.get("Accept", ""))
    return Response(text, content_type=content_type, headers={"Cache-Control": "no-store"})


ROUTES = (Route("GET", "/metrics", metrics, "read", "Metrics in Prometheus' format", {200: "text/plain"}),)
