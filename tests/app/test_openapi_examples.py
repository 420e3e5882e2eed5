"""The examples of the contract are true: the service takes each body, and each object fits its schema."""

import json
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from app.openapi.examples import BODIES, DATASET_ID, OBJECTS
from app.schemas.customer_scores import Scored
from app.schemas.job_resource import Job
from app.schemas.problem_details import ProblemDetails
from app.server.route_table import ROUTES
from app.views.aliases import Alias
from app.views.datasets import Dataset
from app.views.models import Version
from app.views.webhooks import Webhook

STRUCTS = {struct.__name__: struct for struct in (Alias, Dataset, Job, ProblemDetails, Scored, Version, Webhook)}
CASES = [(operation, name) for operation, bodies in BODIES.items() for name in bodies]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.mark.parametrize(("operation", "name"), CASES)
def test_the_service_takes_every_example_of_a_body(
    client: FlaskClient, dataset: str, champion: int, operation: str, name: str
) -> None:
    (route,) = (route for route in ROUTES if route.name == operation)
    path = route.path.format(name="churn", version=champion, alias="challenger", dataset_id=dataset)
    body = json.dumps(BODIES[operation][name]).replace(DATASET_ID, dataset)
    headers = {"If-None-Match": "*"} if route.method == "PUT" else {}
    answer = client.open(path, method=route.method, data=body, headers=headers, content_type="application/json")
    assert answer.status_code in (200, 201, 202), answer.text


@pytest.mark.parametrize("name", OBJECTS)
def test_every_example_of_an_object_fits_its_schema(name: str) -> None:
    read: Any = msgspec.convert(OBJECTS[name], STRUCTS[name])
    assert msgspec.to_builtins(read) == OBJECTS[name]


def test_every_body_of_the_contract_has_an_example(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    bodies = {
        operation["operationId"]: operation["requestBody"]["content"]["application/json"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert bodies.keys() == BODIES.keys()
    assert all(content["examples"] for content in bodies.values())
