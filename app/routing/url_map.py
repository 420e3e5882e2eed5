"""From a route to a Flask view: parse what came, call the view with typed values."""

import re
from collections.abc import Callable

from flask import Flask, Response
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from app.edge.request_parsing import read_body, read_query
from app.routing.route import Route
from app.schemas.field_types import SLUG, UUID
from app.server.services import Services


class SlugConverter(BaseConverter):
    """A name in a path; others are not found, so that none ever reaches the database."""

    regex = SLUG


class IdConverter(BaseConverter):
    """An identifier in a path."""

    regex = UUID


class NumberConverter(IntegerConverter):
    """A positive number that a column of the database can hold."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=2**31 - 1)


CONVERTERS = {"version": "number", "job_id": "id", "dataset_id": "id"}
"""What stands for other than a slug in paths."""


def install(app: Flask, routes: tuple[Route, ...], services: Services) -> None:
    """Give every route its place in the URL map."""
    app.url_map.merge_slashes = False
    app.url_map.converters |= {"slug": SlugConverter, "id": IdConverter, "number": NumberConverter}
    for route in routes:
        app.add_url_rule(flask_path(route.path), route.name, _view(route, services), methods=[route.method])


def flask_path(path: str) -> str:
    """Turn a path of the contract into Flask's notation.

    Example:
        >>> flask_path("/v1/models/{name}/versions/{version}")
        '/v1/models/<slug:name>/versions/<number:version>'
    """
    return re.sub(r"{(\w+)}", lambda found: f"<{CONVERTERS.get(found[1], 'slug')}:{found[1]}>", path)


def _view(route: Route, services: Services) -> Callable[..., Response]:
    def view(**named: object) -> Response:
        named["query"] = read_query(route.query)
        if route.body is not None and not route.uploads:
            named["body"] = read_body(route.body)
        return route.view(services, **named)

    return view
