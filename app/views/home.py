"""The front page, and the contract as OpenAPI; the document is made once, from the table of routes."""

from flask import Response, current_app

from app.edge.responses import conditional
from app.routing.route import JSON, Route
from app.server.services import Services

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Ebb</title>
<h1>Ebb is running</h1>
<p>It speaks HTTP: <a href="/docs">/docs</a> shows the contract, <a href="/openapi.json">/openapi.json</a> is it,
<a href="/readyz">/readyz</a> its health.</p>
</html>
"""


def home(services: Services, **_: object) -> Response:
    """Say that this is Ebb, and where to read on."""
    return conditional(Response(PAGE, mimetype="text/html"))


def openapi(services: Services, **_: object) -> Response:
    """Send the contract."""
    return conditional(Response(current_app.extensions["openapi"], mimetype=JSON))


ROUTES = (
    Route("GET", "/", home, "read", "Say what this is", {200: "text/html"}, browsed=True),
    Route("GET", "/openapi.json", openapi, "read", "The contract as OpenAPI 3.1", {200: JSON}, browsed=True),
)
