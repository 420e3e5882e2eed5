"""The OpenAPI document describes exactly the running application."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import re2
from flask import Flask
from flask.testing import FlaskClient

from app.scoring.customers import MOST_RECORDS
from app.server.route_table import ROUTES as ALL_ROUTES
from model.names import refused_character

ROUTES = [route for route in ALL_ROUTES if not route.page]
METHODS = {"GET", "PUT", "POST", "DELETE", "PATCH"}
# RFC 9110's and 6585's statuses, as a document of this service may name them
STATUSES = {
    "200", "201", "202", "204", "206", "304", "400", "401", "403", "404", "406", "409", "410",
    "412", "413", "415", "416", "421", "422", "428", "429", "408",
    "414",
    "431",
    "500", "503", "507",
}  # fmt: skip


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough: the document does not depend on it."""
    return sqlite_file


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return dict(answer.json)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def values(value: object, name: str) -> Iterator[Any]:
    """Yield the values of a name anywhere in a part of the document."""
    if isinstance(value, dict):
        yield from (child for key, child in value.items() if key == name and not isinstance(child, dict))
        for child in value.values():
            yield from values(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from values(child, name)


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a part of the document."""
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(child)


def test_the_document_names_exactly_the_rules_of_the_url_map(app: Flask, document: dict[str, Any]) -> None:
    running = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
    }
    pages = {(route.method, route.path) for route in ALL_ROUTES if route.page}
    assert running - pages == {(method, path) for method, path, _ in operations(document)}
    assert len(running) == len(ALL_ROUTES)


def test_it_has_the_shape_of_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version"} <= document["info"].keys()
    names = []
    for _, path, operation in operations(document):
        names.append(operation["operationId"])
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        places = [(p["in"], p["name"]) for p in operation["parameters"]]
        assert len(places) == len(set(places))
        assert all("schema" in parameter for parameter in operation["parameters"])
        assert operation["responses"].keys() <= STATUSES
        assert all(response["description"] for response in operation["responses"].values())
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    targets = set(values(document, "$ref"))
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert targets == schemas


def test_every_pattern_is_one_for_re2_too(document: dict[str, Any]) -> None:
    """Clients in Go compile patterns by RE2, and browsers by ECMAScript, which has no \\Z and no (?P<…>)."""
    found = set(values(document, "pattern"))
    assert len(found) > 5
    for pattern in found:
        re2.compile(pattern)
        assert re.fullmatch(r"\^.*\$", pattern, re.DOTALL)
        assert not re.search(r"\(\?P|\\[pPZ]", pattern), pattern


def test_every_operation_has_a_tag_and_every_tag_a_description(document: dict[str, Any]) -> None:
    told = {tag["name"]: tag["description"] for tag in document["tags"]}
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert used == told.keys()
    assert all(told.values())
    assert "default" not in used


def test_every_content_has_a_schema_and_every_list_its_items(document: dict[str, Any]) -> None:
    """Some generators drop an operation whose body has no schema, and read a bare object as an empty one."""
    for _, _, operation in operations(document):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            assert all(media["schema"] for media in part.get("content", {}).values())
    for schema in objects(document["components"]["schemas"]):
        if schema.get("type") == "array":
            assert "items" in schema
        if schema.get("type") == "object":
            assert "properties" in schema or "additionalProperties" in schema


def test_it_has_no_character_that_reorders_text(client: FlaskClient) -> None:
    text = client.get("/openapi.json").text
    assert refused_character(text) is None
    assert "\\u202e" in text


def test_it_has_the_limit_of_customers_of_a_request(document: dict[str, Any]) -> None:
    schemas = [document["components"]["schemas"][name] for name in ("ScoreRecords", "ScoreColumns")]
    assert [schema["properties"][schema["required"][0]]["type"] for schema in schemas] == ["array", "object"]
    assert {most for schema in schemas for most in values(schema, "maxItems")} == {MOST_RECORDS}


def parameter(document: dict[str, Any], method: str, path: str, name: str) -> dict[str, Any]:
    (found,) = (p["schema"] for p in document["paths"][path][method]["parameters"] if p["name"] == name)
    return dict(found)


@pytest.mark.parametrize("key", ["k", "a b", "~!", "x" * 255, "x" * 256, "ü", "a\tb", "a\x7f"])
def test_the_contract_of_idempotency_keys_holds(
    client: FlaskClient, document: dict[str, Any], dataset: str, key: str
) -> None:
    told = parameter(document, "post", "/v1/jobs/training", "Idempotency-Key")
    fits = re.search(told["pattern"], key) is not None and len(key) <= told["maxLength"]
    sent = {"Idempotency-Key": key.encode().decode("latin-1")}
    answer = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}, headers=sent)
    assert answer.status_code == (202 if fits else 422)


def test_the_document_says_how_long_a_key_is_known(document: dict[str, Any]) -> None:
    said = {
        path: parameter["description"].partition(" for ")[2]
        for path, methods in document["paths"].items()
        for parameter in methods.get("post", {}).get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    assert {said.pop(path) for path in ("/v1/datasets", "/v1/webhooks")} == {"a day"}
    assert len(said) == 6
    assert set(said.values()) == {"as long as the job is kept"}


def test_no_description_is_indented(document: dict[str, Any]) -> None:
    texts = [text for text in values(document, "description") if isinstance(text, str)]
    assert any("\n\n" in text for text in texts)
    assert [text for text in texts if text != inspect.cleandoc(text)] == []


@pytest.mark.parametrize("place", ["query", "header"])
@pytest.mark.parametrize("text", ["1.0", "12.3", "", "1", "1.", ".1", "-1.0", "1.0.0", f"1.{10**9}", "١.٠"])
def test_the_contract_of_event_ids_holds(
    client: FlaskClient, document: dict[str, Any], dataset: str, place: str, text: str
) -> None:
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    client.post(f"/v1/jobs/{job}/cancel")
    name = "Last-Event-ID" if place == "header" else "last_event_id"
    told = parameter(document, "get", "/v1/jobs/{job_id}/events", name)
    sent = {"headers": {name: text.encode().decode("latin-1")}} if place == "header" else {"query_string": {name: text}}
    answer = client.get(f"/v1/jobs/{job}/events", **sent)
    assert (answer.status_code != 422) == (re.search(told["pattern"], text) is not None)


def test_each_operation_has_its_scope(
    document: dict[str, Any], guarded: FlaskClient, key: Callable[..., dict[str, str]]
) -> None:
    asking = dict(guarded.get("/openapi.json", headers=key("read")).json)
    for route in ROUTES:
        scopes = [{"key": [scope]} for scope in (route.scope, *route.or_scopes) if scope]
        assert asking["paths"][route.path][route.method.lower()]["security"] == scopes
        free = [{}, *scopes] if scopes else []
        assert document["paths"][route.path][route.method.lower()]["security"] == free


def test_every_refusal_is_a_problem_and_every_answer_has_content(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]
            elif status not in ("204", "304"):
                assert next(iter(response["content"])).startswith(("application/", "text/"))


def test_only_the_open_routes_are_free_of_the_key(
    document: dict[str, Any], guarded: FlaskClient, key: Callable[..., dict[str, str]]
) -> None:
    assert document["security"] == [{}, {"key": []}], "on loopback a key is obeyed, not asked for"
    assert guarded.get("/openapi.json", headers=key("read")).json["security"] == [{"key": []}]
    free = {operation["operationId"] for _, _, operation in operations(document) if operation.get("security") == []}
    assert free == {route.name for route in ROUTES if route.scope is None}


def test_only_accepted_submissions_have_a_location(document: dict[str, Any]) -> None:
    """Validation of a training gets 200 and makes no job."""
    told = document["paths"]["/v1/jobs/training"]["post"]["responses"]
    assert {status: list(told[status]["headers"]) for status in ("200", "202")} == {
        "200": [],
        "202": ["Location", "Retry-After"],
    }


def test_unknown_fields_are_refused_in_the_contract_as_well(document: dict[str, Any]) -> None:
    bodies = [operation.get("requestBody", {}) for _, _, operation in operations(document)]
    for reference in {target for body in bodies for target in values(body, "$ref")}:
        assert document["components"]["schemas"][reference.rpartition("/")[2]]["additionalProperties"] is False


def test_the_parameters_of_the_contract_are_there(document: dict[str, Any]) -> None:
    def names(method: str, path: str) -> set[str]:
        return {p["name"] for p in document["paths"][path][method]["parameters"]}

    assert {"alias", "version"} <= names("post", "/v1/models/{name}/score")
    assert {"name", "target", "id"} <= names("post", "/v1/datasets")
    assert {"state", "kind", "model", "page_size", "page_token"} <= names("get", "/v1/jobs")
    assert {"Last-Event-ID", "last_event_id"} <= names("get", "/v1/jobs/{job_id}/events")
    assert {"If-Match"} <= names("put", "/v1/models/{name}/aliases/{alias}")
    assert {"Idempotency-Key"} <= names("post", "/v1/jobs/training")
