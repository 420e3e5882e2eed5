"""All errors in the form of a request are reported together, with their places and in plain words."""

import re
import tracemalloc
from itertools import islice
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from app.parsing.validation_errors import validation_errors
from app.server.route_table import ROUTES
from app.views.jobs import JobQuery
from app.views.training_jobs import TrainingRequest


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def known(kind: type[msgspec.Struct]) -> str:
    return ", ".join(kind.__struct_encode_fields__)


def told(client: FlaskClient, path: str, body: Any) -> dict[str, str]:
    answer = client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    return {fault["pointer"]: fault["detail"] for fault in answer.json["errors"]}


def test_every_invalid_member_of_a_body_is_reported(client: FlaskClient) -> None:
    body = {"model": "a b", "dataset": 1, "foo": 1, "promote": "x", "validate_only": 1, "spec": []}
    assert told(client, "/v1/jobs/training", body) == {
        "/model": "must be letters, digits, '.', '_' and '-', at most 100",
        "/dataset": "must be text, not a whole number",
        "/foo": f"is not known here; known: {known(TrainingRequest)}",
        "/promote": "must be one of: never, if_better, always",
        "/validate_only": "must be true or false, not a whole number",
        "/spec": "must be text or an object or null, not a list",
    }


def test_validation_stops_at_the_requested_number_of_errors() -> None:
    value = {"names": ["text"] * 100_000}
    tracemalloc.start()
    try:
        errors = list(islice(validation_errors(value, dict[str, list[int]], strict=True), 3))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert [error.pointer for error in errors] == ["/names/0", "/names/1", "/names/2"]


def test_every_missing_member_is_reported(client: FlaskClient) -> None:
    assert told(client, "/v1/jobs/training", {}) == {"/model": "is missing", "/dataset": "is missing"}
    assert told(client, "/v1/jobs/training", []) == {"": "must be an object, not a list"}


def test_every_invalid_parameter_of_a_query_is_reported(client: FlaskClient) -> None:
    answer = client.get("/v1/jobs?page_size=0&state=gone&colour=red&page_token=")
    assert {fault["pointer"]: fault["detail"] for fault in answer.json["errors"]} == {
        "/query/page_size": "must be at least 1",
        "/query/state": "must be some of queued, running, succeeded, failed, cancelled, with commas between them",
        "/query/colour": f"is not known here; known: {known(JobQuery)}",
        "/query/page_token": "must be at least 1 characters long",
    }


def test_a_huge_number_in_a_query_is_out_of_range(client: FlaskClient, champion: int) -> None:
    answer = client.post(f"/v1/models/churn/score?version={champion}&customer_value=1e400", json={"records": [{}]})
    assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [
        ("/query/customer_value", "range")
    ]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=lambda route: route.name)
def test_no_message_shows_a_pattern_or_words_of_a_parser(client: FlaskClient, route: Any) -> None:
    strange: list[object] = [None, True, -1, 10**30, 1.5, "", "\n", "x" * 2000, [], {}]
    names = route.body.__struct_encode_fields__
    path = re.sub(r"{version}", "1", re.sub(r"{(?!version)\w+}", "churn", route.path))
    for value in strange:
        answer = client.open(path, method=route.method, json=dict.fromkeys(names, value), headers={"If-Match": "*"})
        text = answer.get_data(as_text=True)
        assert answer.status_code < 500
        assert not re.search(r"regex|Expected|\^|\\\\n|`", text), text
