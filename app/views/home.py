"""The front page, and the OpenAPI document, which is made once from the table of routes."""

from flask import Response, current_app

from app.edge.responses import conditional
from app.routing.route import JSON, Route
from app.services import Services

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Ebb</title>
<h1>Ebb is running</h1>
<p>Its API documentation is at <a href="/docs">/docs</a>, its OpenAPI document at
<a href="/openapi.json">/openapi.json</a>, its health at <a href="/readyz">/readyz</a>.</p>
</html>
"""


def home(services: Services) -> Response:
    """Return the front page."""
    return conditional(Response(PAGE, mimetype="text/html"))


def openapi(services: Services) -> Response:
    """Return the OpenAPI document."""
    return conditional(Response(current_app.extensions["openapi"], mimetype=JSON))


ROUTES = (
    Route("GET", "/", home, "read", "The front page", {200: "text/html"}, browsed=True),
    Route("GET", "/openapi.json", openapi, "read", "The OpenAPI 3.1 document", {200: JSON}, browsed=True),
)
