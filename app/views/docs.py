"""The contract to browse: Swagger UI, whose files come with a wheel and are served from here, under a strict policy.

Where keys are asked for, the browser asks for one as a password; what is tried out on the page brings the key that was
entered there.
"""

from functools import cache
from importlib.resources import files

from flask import Response

from app.edge.responses import conditional
from app.routing.route import Route
from app.server.services import Services

HTML, SCRIPT, STYLE = "text/html", "text/javascript", "text/css"
# No script but our files runs, and the page reaches nobody but this server. Styles that Swagger UI writes into its
# elements are let through: they can neither run nor fetch anything here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def docs(services: Services, **_: object) -> Response:
    """Show the contract in a browser."""
    return _file("app.views", "docs.html", HTML)


def docs_start(services: Services, **_: object) -> Response:
    """Send what makes the page of /docs."""
    return _file("app.views", "docs.js", SCRIPT)


def docs_script(services: Services, **_: object) -> Response:
    """Send Swagger UI."""
    return _file("flask_swagger_ui", "dist/swagger-ui-bundle.js", SCRIPT)


def docs_style(services: Services, **_: object) -> Response:
    """Send Swagger UI's looks."""
    return _file("flask_swagger_ui", "dist/swagger-ui.css", STYLE)


def _file(package: str, path: str, kind: str) -> Response:
    answer = Response(_read(package, path), mimetype=kind)
    answer.headers["Content-Security-Policy"] = POLICY
    return conditional(answer)


@cache
def _read(package: str, path: str) -> bytes:
    return files(package).joinpath(path).read_bytes()


ROUTES = (
    Route("GET", "/docs", docs, "read", "Browse the contract", {200: HTML}, browsed=True),
    Route("GET", "/docs/start.js", docs_start, "read", "The script of /docs", {200: SCRIPT}, browsed=True),
    Route("GET", "/docs/swagger-ui-bundle.js", docs_script, "read", "Swagger UI", {200: SCRIPT}, browsed=True),
    Route("GET", "/docs/swagger-ui.css", docs_style, "read", "Swagger UI's looks", {200: STYLE}, browsed=True),
)
