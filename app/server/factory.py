"""The application factory: builds the Flask application and its services."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import model_card
from app.access import host_check
from app.access.access_control import Authentication, check_scopes
from app.access.browser_access import BrowserSessions
from app.access.invalid_key_limit import InvalidKeyLimit
from app.edge import logs, problems, responses
from app.edge.deadline import Deadline
from app.edge.exchange import Hooks
from app.inspection.inspector import Inspector
from app.limits import request_limits
from app.limits.concurrency_limit import ConcurrencyLimit
from app.limits.rate_limiter import RateLimiter
from app.metrics.jobs_collector import JobsCollector
from app.metrics.traffic import Traffic
from app.openapi.document import write_document
from app.pages import error_pages
from app.parsing.request_parsing import BODY_BYTES
from app.publisher import Publisher
from app.scoring.version_cache import EstimatorCache, VersionCache
from app.server import url_map
from app.server.route_table import ROUTES
from app.services import Services
from app.streams.stream_limit import StreamLimit
from store.artifacts import ArtifactStore
from store.database import Database
from store.doorbell import Doorbell
from store.settings import Settings


def create_app(settings: Settings, database: Database, doorbell: Doorbell, limiter: RateLimiter | None = None) -> Flask:
    """Return the WSGI application over this database and doorbell; without `limiter`, it counts in this process."""
    app = Flask("app", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    limiter = limiter or RateLimiter()
    services = _services(settings, database, doorbell, limiter)
    services.deadline.install(app)
    if settings.proxies:
        behind = {"x_for": settings.proxies, "x_proto": 1}  # each proxy hands the scheme on, and adds no entry
        app.wsgi_app = ProxyFix(app.wsgi_app, **behind)  # type: ignore[method-assign]  # Flask's documented way
    responses.install(app)
    problems.install(app)
    keyless = host_check.is_loopback(settings.host)
    hooks = Hooks({route.name: route for route in ROUTES})
    # Responses pass these in reverse order: the first sees the complete response.
    services.traffic.install(hooks)
    error_pages.install(hooks)
    logs.install(hooks)
    if settings.proxies:
        request_limits.shed_load(hooks, settings.request_wait_seconds)
    if keyless:
        host_check.install(hooks)
    services.authentication.install(hooks)
    request_limits.limit_keys(hooks, limiter, settings.requests_per_minute)
    check_scopes(hooks)
    hooks.install(app)
    model_card.install(app)
    url_map.install(app, ROUTES, services)
    app.extensions["ebb"] = services
    app.extensions["openapi"] = write_document(ROUTES, keyless=keyless)
    return app


def _services(settings: Settings, database: Database, doorbell: Doorbell, limiter: RateLimiter) -> Services:
    threads = settings.web_threads
    invalid_keys = InvalidKeyLimit(limiter)
    sessions = BrowserSessions(database, invalid_keys, read_only=settings.pages_read_only)
    return Services(
        settings=settings,
        database=database,
        artifacts=ArtifactStore(settings.artifacts, settings.free_bytes),
        publisher=Publisher(database, doorbell),
        versions=VersionCache(database),
        estimators=EstimatorCache(database),
        streams=StreamLimit(threads),
        uploads=ConcurrencyLimit(
            max(1, threads // 4), "this process receives as many uploads as it may; send it again in a moment"
        ),
        batches=ConcurrencyLimit(
            max(1, threads // 4),
            "this process reads as many large requests as it may; send it again in a moment",
            wait=0.5,
        ),
        comparing=ConcurrencyLimit(
            1, "this process compares two versions for another request; send it again in a moment"
        ),
        deadline=Deadline(settings.answer_seconds),
        inspector=Inspector(settings),
        authentication=Authentication(settings, database, invalid_keys, sessions),
        sessions=sessions,
        traffic=Traffic(ROUTES),
        jobs=JobsCollector(database, settings.alive_seconds),
    )
