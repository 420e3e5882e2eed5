"""Health checks: whether the process answers, and whether the service is ready."""

import msgspec
from flask import Response

from app.edge.responses import json_answer
from app.errors import NotReadyError
from app.readiness import check, unserved
from app.routing.route import Route
from app.services import Services
from model.errors import Problem


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Ready(msgspec.Struct, frozen=True):
    """The result of each check; `unserved` lists the kinds of job that wait and have no worker."""

    status: str
    checks: dict[str, str]
    unserved: list[str]


def live(services: Services) -> Response:
    """Report that the process answers; check nothing else."""
    return json_answer(Alive("alive"))


def ready(services: Services) -> Response:
    """Report that the service is ready, or the checks that failed."""
    within = services.settings.alive_seconds
    checks = check(services.database, within)
    failed = [Problem(f"/checks/{name}", "failed", text) for name, text in checks.items() if text != "ok"]
    if failed:
        raise NotReadyError("; ".join(problem.detail for problem in failed), failed)
    return json_answer(Ready("ready", checks, unserved(services.database, within)))


ROUTES = (
    Route("GET", "/livez", live, None, "Check that the process answers", {200: Alive}),
    Route("GET", "/readyz", ready, None, "Check that the service is ready", {200: Ready}, (503,)),
)
