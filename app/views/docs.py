"""The API documentation: the OpenAPI document, which is made once, and Swagger UI from its wheel.

Swagger UI runs under a strict content security policy.

If the server requires keys, the browser asks for one as a password. Requests that are tried out on the page send the
key that was entered on the page.
"""

from functools import cache
from importlib.resources import files

from flask import Response, current_app

from app.edge.responses import conditional
from app.routing.route import JSON, Route
from app.services import Services

HTML, SCRIPT, STYLE = "text/html", "text/javascript", "text/css"
# Only our scripts run, and the page connects to this server only. Inline styles of Swagger UI are allowed: they can
# neither run code nor fetch anything.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def openapi(services: Services) -> Response:
    """Return the OpenAPI document."""
    return conditional(Response(current_app.extensions["openapi"], mimetype=JSON))


def docs(services: Services) -> Response:
    """Return the page of the API documentation."""
    return _file("app.views", "docs.html", HTML)


def docs_start(services: Services) -> Response:
    """Return the script that starts Swagger UI."""
    return _file("app.views", "docs.js", SCRIPT)


def docs_script(services: Services) -> Response:
    """Return the script of Swagger UI."""
    return _file("flask_swagger_ui", "dist/swagger-ui-bundle.js", SCRIPT)


def docs_style(services: Services) -> Response:
    """Return the style sheet of Swagger UI."""
    return _file("flask_swagger_ui", "dist/swagger-ui.css", STYLE)


def _file(package: str, path: str, media_type: str) -> Response:
    answer = Response(_read(package, path), mimetype=media_type)
    answer.headers["Content-Security-Policy"] = POLICY
    return conditional(answer)


@cache
def _read(package: str, path: str) -> bytes:
    return files(package).joinpath(path).read_bytes()


ROUTES = (
    Route("GET", "/openapi.json", openapi, "read", "The OpenAPI 3.1 document", {200: JSON}, browsed=True),
    Route("GET", "/docs", docs, "read", "Browse the API documentation", {200: HTML}, browsed=True),
    Route("GET", "/docs/start.js", docs_start, "read", "The script of /docs", {200: SCRIPT}, browsed=True),
    Route("GET", "/docs/swagger-ui-bundle.js", docs_script, "read", "Swagger UI", {200: SCRIPT}, browsed=True),
    Route("GET", "/docs/swagger-ui.css", docs_style, "read", "Swagger UI's style sheet", {200: STYLE}, browsed=True),
)
