"""Operations: whether the process answers, and whether the service can do its work."""

from flask import Response

from app.edge.responses import json_answer
from app.errors import NotReadyError
from app.routing.route import Route
from app.schemas.operations import Alive, Ready
from app.server.readiness import HEARTBEATS, check, unserved
from app.server.services import Services
from model.errors import Problem


def live(services: Services, **_: object) -> Response:
    """Say that the process answers, and nothing else."""
    return json_answer(Alive("alive"))


def ready(services: Services, **_: object) -> Response:
    """Say that jobs and scores can be had, or which check failed."""
    within = HEARTBEATS * services.settings.heartbeat_seconds
    checks = check(services.database, within)
    failed = [Problem(f"/checks/{name}", "failed", text) for name, text in checks.items() if text != "ok"]
    if failed:
        raise NotReadyError("; ".join(problem.detail for problem in failed), failed)
    return json_answer(Ready("ready", checks, unserved(services.database, within)))


ROUTES = (
    Route("GET", "/livez", live, None, "Does the process answer?", {200: Alive}),
    Route("GET", "/readyz", ready, None, "Can the service do its work?", {200: Ready}, (503,)),
)
