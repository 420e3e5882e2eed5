"""Builds one operation of the document: parameters, body, answers and problems of a route."""

import inspect
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from app.edge.problems import PROBLEM_JSON
from app.openapi.examples import BODIES, PARAMETERS
from app.openapi.tags import tag_of
from app.routing.paths import CONVERTERS
from app.routing.route import JSON, Header, Route
from app.schemas.field_types import Slug, Uuid, VersionNumber
from app.schemas.problem_details import ProblemDetails
from app.streams.server_sent_events import MEDIA_TYPE

Schemas = Mapping[type[msgspec.Struct], dict[str, Any]]

PATH_TYPES: dict[str, Any] = {"slug": Slug, "id": Uuid, "number": VersionNumber}
BYTES = {"type": "string", "format": "binary"}
TEXT = {"type": "string"}
EVENTS = {"description": "server-sent events, each with its name and JSON data"}
EVERYWHERE = (408, 414, 421, 431, 500, 503)
"""The statuses of problems that every route may answer; routes with a scope add 401, 403 and 429."""


def build_operation(route: Route, schemas: Schemas, *, keyless: bool) -> dict[str, Any]:
    """Return the route as an operation object; `keyless` is for a server that requires no key."""
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [tag_of(route)],
        "summary": route.summary,
        "description": inspect.getdoc(route.view) or "",
        "parameters": [*_path_parameters(route), *_query_parameters(route), *map(_header_parameter, route.headers)],
        "responses": _responses(route, schemas),
        "security": _security(route, keyless=keyless),
    }
    if body := _body(route, schemas):
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _security(route: Route, *, keyless: bool) -> list[dict[str, list[str]]]:
    """Return the security requirements, each with the scope of the key; `admin` includes all scopes."""
    if route.scope is None:
        return []
    keys = [{"key": [scope]} for scope in (route.scope, *route.or_scopes)]
    return [{}, *keys] if keyless else list(keys)


def _body(route: Route, schemas: Schemas) -> dict[str, Any]:
    typed = {} if route.body is None else {JSON: {"schema": _body_schema(route.body, schemas)}}
    if typed and route.name in BODIES:
        typed[JSON]["examples"] = {name: {"value": value} for name, value in BODIES[route.name].items()}
    return {**typed, **{media_type: {"schema": BYTES} for media_type in route.uploads}}


def _body_schema(body: type[msgspec.Struct], schemas: Schemas) -> dict[str, Any]:
    """Return the reference to a body, or to each of the structs that a client chooses from."""
    alternatives: tuple[type[msgspec.Struct], ...] = getattr(body, "ALTERNATIVES", ())
    return {"oneOf": [schemas[shape] for shape in alternatives]} if alternatives else schemas[body]


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": msgspec.json.schema(PATH_TYPES[CONVERTERS.get(name, "slug")]),
            "example": PARAMETERS[name],
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    _, schemas = msgspec.json.schema_components([route.query], ref_template="{name}")
    schema = schemas[route.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _without_null(value),
            **_example(name),
        }
        for name, value in schema["properties"].items()
    ]


def _example(name: str) -> dict[str, Any]:
    return {"example": PARAMETERS[name]} if name in PARAMETERS else {}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an optional parameter without null: a missing parameter has no value."""
    if "anyOf" not in schema:
        return schema
    (other,) = (part for part in schema["anyOf"] if part != {"type": "null"})
    return dict(other)


def _content(route: Route, answer: type[msgspec.Struct] | str | None, schemas: Schemas) -> dict[str, Any]:
    if answer is None:
        return {}
    first = _media(answer) if isinstance(answer, str) else {JSON: {"schema": schemas[answer]}}
    return {
        "content": {**first, **{name: each for media_type in route.also for name, each in _media(media_type).items()}}
    }


def _media(media_type: str) -> dict[str, Any]:
    """Return the content of an answer that is no struct."""
    if media_type == JSON:
        return {media_type: {"schema": {"type": "object"}}}
    if media_type == MEDIA_TYPE:
        return {media_type: {"schema": EVENTS}}
    return {media_type: {"schema": TEXT if media_type.startswith("text/") else BYTES}}


def _header_parameter(header: Header) -> dict[str, Any]:
    return {
        "name": header.name,
        "in": "header",
        "required": header.required,
        "description": header.description,
        "schema": msgspec.json.schema(header.type),
        **_example(header.name),
    }


def _headers(route: Route, status: int) -> dict[str, Any]:
    return {
        header.name: {
            "description": header.description,
            "required": header.required,
            "schema": msgspec.json.schema(header.type),
        }
        for header in route.answer_headers
        if not header.of or status in header.of
    }


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "headers": _headers(route, status),
            **_content(route, answer, schemas),
        }
        for status, answer in route.answers.items()
    }
    if route.method == "GET":
        responses["304"] = {"description": "the client has this version"}
    unread = (400,) if route.body is not None or route.uploads else ()  # malformed, or incomplete
    refusals = {*route.refusals, *EVERYWHERE, 422, *unread, *(() if route.scope is None else (401, 403, 429))}
    for status in sorted(refusals):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_JSON: {"schema": schemas[ProblemDetails]}},
        }
    return responses
