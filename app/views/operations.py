"""Operations: whether the process answers, and whether the service can do its work."""

import msgspec
from flask import Response

from app.edge.responses import json_answer
from app.errors import NotReadyError
from app.routing.route import Route
from app.server.readiness import HEARTBEATS, check, unserved
from app.server.services import Services
from model.errors import Problem


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Ready(msgspec.Struct, frozen=True):
    """Every check that was made, and how it went; `unserved` are the kinds of job that wait without a worker."""

    status: str
    checks: dict[str, str]
    unserved: list[str]


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
