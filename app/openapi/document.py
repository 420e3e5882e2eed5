"""Builds the OpenAPI document.

Source: OpenAPI Specification 3.1.1.
"""

import inspect
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from app.openapi.examples import OBJECTS
from app.openapi.operation import build_operation
from app.openapi.tags import list_tags, tag_of
from app.routing.route import Route
from app.schemas.field_types import NO_NEWLINE
from app.schemas.problem_details import ProblemDetails
from app.schemas.training_spec import spec_components
from model.names import escaped

CONTRACT = "1.0"  # the version of the document; /v1 in its paths changes with breaking changes only
REFERENCE = "#/components/schemas/{name}"


def write_document(routes: Sequence[Route], *, keyless: bool) -> bytes:
    """Return the document of all routes but the pages as JSON, with control characters escaped."""
    described = [route for route in routes if not route.page]
    return escaped(msgspec.json.encode(_document(described, keyless=keyless)).decode()).encode()


def _document(routes: Sequence[Route], *, keyless: bool) -> dict[str, Any]:
    """Return the document of these routes; `keyless` is for a server that requires no key."""
    known, schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = build_operation(route, known, keyless=keyless)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Ebb",
            "version": CONTRACT,
            "summary": "Churn scoring you can run, replay and explain",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"key": []}] if keyless else [{"key": []}],
        "tags": list_tags(set(map(tag_of, routes))),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "a key of `ebb keys create`; a server bound to loopback requires none",
                }
            },
        },
    }
    return dict(_portable(document))


def _schemas(routes: Sequence[Route]) -> tuple[dict[type[msgspec.Struct], Any], dict[str, Any]]:
    """Return the references to the structs of these routes, and all schemas by name."""
    shapes = _shapes(routes)
    references, schemas = msgspec.json.schema_components(tuple(shapes), ref_template=REFERENCE)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])  # msgspec keeps the docstring's indentation
    for shape in shapes:
        schemas[shape.__name__].get("properties", {}).update(getattr(shape, "PUBLISHED", {}))
    for schema in schemas.values():
        if schema.get("additionalProperties") is False:
            _describe_defaults(schema)
    for name, example in OBJECTS.items():
        schemas[name]["examples"] = [example]
    return dict(zip(shapes, references, strict=True)), schemas | spec_components()


def _shapes(routes: Sequence[Route]) -> list[type[msgspec.Struct]]:
    """Return the structs of all bodies and answers."""
    shapes: list[type[msgspec.Struct]] = [ProblemDetails]
    for route in routes:
        shapes += [answer for answer in route.answers.values() if isinstance(answer, type)]
        if route.body is not None:
            shapes += getattr(route.body, "ALTERNATIVES", (route.body,))
    return list(dict.fromkeys(shapes))


def _describe_defaults(request: dict[str, Any]) -> None:
    """Move the defaults of a request's members to their descriptions.

    Some generators for TypeScript take a member with a default for one that is always there, which is right for
    answers only: a client would have to send every member.
    """
    for member in request.get("properties", {}).values():
        if "default" in member:
            default = member.pop("default")
            described = [member["description"]] if "description" in member else []
            if default not in (None, {}):
                member["description"] = "; ".join([*described, f"{json.dumps(default)} by default"])


def _portable(value: Any) -> Any:
    """Make the schemas such that all generators read them.

    Patterns lose the lookahead, which RE2 (Go) does not support. Objects without declared members say that they have
    any, and lists that their items are any: some generators take a bare `object` for an empty one.
    """
    if isinstance(value, list):
        return [_portable(part) for part in value]
    if not isinstance(value, dict):
        return value
    portable = {
        name: part.removesuffix(NO_NEWLINE) if name == "pattern" and isinstance(part, str) else _portable(part)
        for name, part in value.items()
    }
    if value.get("type") == "object" and "properties" not in value:
        portable.setdefault("additionalProperties", True)
    if value.get("type") == "array":
        portable.setdefault("items", {})
    return portable
