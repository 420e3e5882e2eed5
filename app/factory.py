"""Putting the application together; nothing of it lives at module level."""

import msgspec
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cards, dispatch
from app.alone import Alone
from app.application import Application
from app.edge import hosts, logs, problems, rates, request_ids, scopes, security_headers
from app.edge.access import Access
from app.edge.allowances import Allowances
from app.edge.guesses import Guesses
from app.edge.inputs import BODY_BYTES
from app.inspection.inspector import Inspector
from app.metrics.jobs import JobsCollector
from app.metrics.traffic import Traffic
from app.openapi.document import build_document
from app.readiness import HEARTBEATS
from app.ringing import Ringer
from app.scoring.estimators import Estimators
from app.scoring.pointers import Pointers
from app.services import Services
from app.streams.streams import Streams
from app.table import ROUTES
from store.artifacts import ArtifactStore
from store.database import Database
from store.doorbell import Doorbell
from store.settings import Settings


def create_app(
    settings: Settings,
    database: Database,
    doorbell: Doorbell,
    allowances: Allowances | None = None,
    guesses: Allowances | None = None,
) -> Flask:
    """Return the WSGI application over this database, ringing this doorbell.

    `allowances` of keys and `guesses` of addresses are shared by the processes of one server; one that stands alone has
    its own.
    """
    app = Application("app")
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    if settings.proxies:
        behind = {"x_for": settings.proxies, "x_proto": settings.proxies}
        app.wsgi_app = ProxyFix(app.wsgi_app, **behind)  # type: ignore[method-assign]  # Flask's documented way
    services = _services(settings, database, doorbell)
    # Flask runs after_request functions from the last to the first: these come first here to see the whole answer.
    services.traffic.install(app)
    logs.install(app)
    request_ids.install(app)
    security_headers.install(app)
    problems.install(app)
    keyless = hosts.is_loopback(settings.host)
    if keyless:
        hosts.install(app)
    routes = {route.name: route for route in ROUTES}
    Access(settings, database, routes, Guesses(guesses or Allowances())).install(app)
    rates.install(app, allowances or Allowances(), settings.requests_per_minute)
    scopes.install(app, routes)
    cards.install(app)
    dispatch.install(app, ROUTES, services)
    app.extensions["ebb"] = services
    app.extensions["openapi"] = msgspec.json.encode(build_document(ROUTES, keyless=keyless))
    return app


def _services(settings: Settings, database: Database, doorbell: Doorbell) -> Services:
    return Services(
        settings,
        database,
        ArtifactStore(settings.artifacts),
        Ringer(database, doorbell),
        Pointers(database),
        Estimators(database),
        Streams(settings.web_threads),
        Traffic(ROUTES),
        JobsCollector(database, HEARTBEATS * settings.heartbeat_seconds),
        Alone("comparing two versions"),
        Inspector(settings),
    )
