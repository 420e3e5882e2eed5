"""Write the generated part of docs/reference.md: all routes and schemas, from the OpenAPI document.

Run it as `python -m scripts.write_reference` after a change of a route or a schema.
"""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.openapi.document import write_document
from app.server.route_table import ROUTES

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
MARK = "<!-- Generated from here on: .venv/bin/python -m scripts.write_reference -->\n"
WIDTH = 120
EVERYWHERE = {"304", "400", "401", "403", "408", "414", "421", "422", "429", "431", "500", "503"}

Json = Mapping[str, Any]


def write_page(page: str) -> str:
    """Return the page with its generated part written anew."""
    document = json.loads(write_document(ROUTES, keyless=False))
    operations = [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    lines = [*_table(operations), *_routes(operations), *_schemas(schemas)]
    return page.partition(MARK)[0] + MARK + "\n" + "\n".join(lines) + "\n"


def _table(operations: Iterable[tuple[str, Json]]) -> Iterator[str]:
    yield "## Routes"
    yield ""
    yield "Each route may also answer 304 (to a GET), 400, 401, 403, 408, 414, 421, 422, 429, 431, 500 and 503."
    yield ""
    yield "| route | does | scope |"
    yield "|---|---|---|"
    for name, operation in operations:
        yield f"| [{name}](#{_anchor(name)}) | {operation['summary']} | {_scopes(operation)} |"
    yield ""


def _routes(operations: Iterable[tuple[str, Json]]) -> Iterator[str]:
    for name, operation in operations:
        yield f"### {name}"
        yield ""
        for paragraph in operation["description"].split("\n\n"):
            yield from textwrap.wrap(paragraph, WIDTH)
            yield ""
        for parameter in operation["parameters"]:
            if parameter["in"] != "path":
                need = ", needed" if parameter["required"] else ""
                told = f"{parameter['in']} `{parameter['name']}`{need}: {_type(parameter['schema'])}"
                yield from _item(f"{told}; {parameter['description']}" if "description" in parameter else told)
        if "requestBody" in operation:
            yield from _item(f"body: {_content(operation['requestBody'])}")
        for status, answer in operation["responses"].items():
            if status not in EVERYWHERE and status < "400":
                yield from _item(f"{status}: {_content(answer)}")
        if refusals := [s for s in operation["responses"] if s >= "400" and s not in EVERYWHERE]:
            yield from _item(f"refused with {', '.join(refusals)}")
        yield ""


def _schemas(schemas: Json) -> Iterator[str]:
    yield "## Schemas"
    yield ""
    for name, struct in schemas.items():
        yield f"### {name}"
        yield ""
        if description := struct.get("description"):
            for paragraph in description.split("\n\n"):
                yield from textwrap.wrap(paragraph, WIDTH)
                yield ""
        if "enum" in struct:
            yield from _item(_type(struct))
        for field, schema in struct.get("properties", {}).items():
            yield from _item(f"`{field}`{_need(field, struct)}: {_type(schema)}")
        yield ""


def _need(field: str, struct: Json) -> str:
    if field in struct.get("required", ()):
        return ""
    schema = struct["properties"][field]
    return f" (default `{json.dumps(schema['default'])}`)" if "default" in schema else " (may be absent)"


def _item(text: str) -> list[str]:
    return textwrap.wrap(f"- {text}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _scopes(operation: Json) -> str:
    return " or ".join(f"`{scope}`" for each in operation["security"] for scope in each["key"]) or "none"


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading.

    Example:
        >>> _anchor("POST /v1/jobs/{job_id}/cancel")
        'post-v1jobsjob_idcancel'
    """
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _content(part: Json) -> str:
    kinds = [
        _type(each["schema"]) if kind == "application/json" and "type" not in each["schema"] else f"`{kind}`"
        for kind, each in part.get("content", {}).items()
    ]
    return " or ".join(kinds) or "no body"


def _type(schema: Json) -> str:
    return _form(schema) + (f" ({schema['description']})" if "description" in schema else "")


def _form(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{_anchor(name)})"
    if choices := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(_type(part) for part in choices)
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    kinds = schema.get("type", "any value")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if kind == "array":
        kind = f"array of {_type(schema['items'])}" if schema.get("items") else kind
    bounds = [f"{word} {_number(schema[key])}" for key, word in BOUNDS.items() if key in schema]
    return ", ".join([kind, *bounds])


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}


if __name__ == "__main__":
    PAGE.write_text(write_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
