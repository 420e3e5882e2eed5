"""The declaration of a page."""

from collections.abc import Callable

import msgspec
from flask import Response

from app.routing.route import Route
from app.schemas.field_types import NoQuery

HTML = "text/html"


def page_route(
    path: str,
    view: Callable[..., Response],
    title: str,
    query: type[msgspec.Struct] = NoQuery,
    scope: str | None = "read",
) -> Route:
    """Return the route of a page: it needs a session or a key with this scope, and its errors are pages."""
    return Route("GET", path, view, scope, title, {200: HTML}, query=query, page=True)
