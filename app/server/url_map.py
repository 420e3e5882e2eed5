"""Registers the routes in Flask's URL map; parses query and body before a view is called."""

import re
from collections.abc import Callable

from flask import Flask, Response
from werkzeug.routing import BaseConverter, IntegerConverter

from app.parsing.request_parsing import read_body, read_query
from app.routing.paths import CONVERTERS
from app.routing.route import Route
from app.schemas.field_types import SLUG, UUID, NoQuery
from app.services import Services


class SlugConverter(BaseConverter):
    """A name in a path; a path with an invalid name is not found."""

    regex = SLUG


class IdConverter(BaseConverter):
    """An identifier in a path."""

    regex = UUID


class NumberConverter(IntegerConverter):
    """A positive number that fits an integer column of the database.

    The regular expression says so, because Werkzeug answers a number beyond `max` with 405 if the path has a rule of
    another method.
    """

    regex = "0*[1-9][0-9]{0,8}"


def install(app: Flask, routes: tuple[Route, ...], services: Services) -> None:
    """Register every route."""
    app.url_map.merge_slashes = False
    app.url_map.converters |= {"slug": SlugConverter, "id": IdConverter, "number": NumberConverter}
    for route in routes:
        app.add_url_rule(flask_path(route.path), route.name, _view(route, services), methods=[route.method])


def flask_path(path: str) -> str:
    """Convert a path from OpenAPI's notation to Flask's.

    Example:
        >>> flask_path("/v1/models/{name}/versions/{version}")
        '/v1/models/<slug:name>/versions/<number:version>'
    """
    return re.sub(r"{(\w+)}", lambda found: f"<{CONVERTERS.get(found[1], 'slug')}:{found[1]}>", path)


def _view(route: Route, services: Services) -> Callable[..., Response]:
    def view(**named: object) -> Response:
        query = read_query(route.query)  # of a route without parameters, too: it refuses unknown ones
        if route.query is not NoQuery:
            named["query"] = query
        if route.body is not None and not route.uploads:
            named["body"] = read_body(route.body, services.batches)
        return route.view(services, **named)

    return view
