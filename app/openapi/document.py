"""Builds the OpenAPI document.

Source: OpenAPI Specification 3.1.1.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

from app.openapi.operation import build_operation
from app.routing.route import Route
from app.schemas.field_types import NO_NEWLINE
from app.schemas.problem_details import ProblemDetails
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
    shapes: dict[type[msgspec.Struct], None] = {ProblemDetails: None}
    for route in routes:
        for answer in route.answers.values():
            if isinstance(answer, type):
                shapes[answer] = None
        if route.body is not None:
            shapes[route.body] = None
    references, schemas = msgspec.json.schema_components(tuple(shapes), ref_template=REFERENCE)
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])  # msgspec keeps the docstring's indentation
    for shape in shapes:
        schemas[shape.__name__] |= getattr(shape, "PUBLISHED", {})  # conditions that a struct cannot express
    return dict(zip(shapes, references, strict=True)), schemas


def _portable(value: Any) -> Any:
    """Remove the lookahead from all patterns, because RE2 (Go) and others do not support it."""
    if isinstance(value, dict):
        return {
            name: part.removesuffix(NO_NEWLINE) if name == "pattern" and isinstance(part, str) else _portable(part)
            for name, part in value.items()
        }
    return [_portable(part) for part in value] if isinstance(value, list) else value
