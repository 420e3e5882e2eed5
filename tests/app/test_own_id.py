"""A request and its answer call the id as the dataset does; `customer_id` is understood as well."""

import csv
import json
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from ebb.customers import customers
from model.estimator import Estimator, Fitting
from model.spec import parse_spec
from model.tables.reader import read_table

SCORE = "/v1/models/churn/score"
SPEC = {"epochs": 2, "optimizer": {"name": "adam", "learning_rate": 0.01}}
HOME = customers(200, seed=3).to_csv()


def trained(header: str, id_column: str) -> Estimator:
    """Train on the customers, with these names for the first two columns."""
    text = HOME.replace("customer_id,months", header, 1)
    fitting = Fitting(
        read_table(BytesIO(text.encode()), "csv"), target="churned", id_column=id_column, spec=parse_spec(SPEC)
    )
    for _ in fitting.epochs():
        pass
    return fitting.estimator()


@pytest.fixture(scope="module")
def by_cid() -> Estimator:
    return trained("cid,months", "cid")


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def score(client: FlaskClient, add_version: Callable[..., int], by_cid: Estimator) -> Callable[..., Any]:
    add_version(by=by_cid)
    return lambda **body: client.post(f"{SCORE}?version=1", json=body)


@pytest.mark.parametrize("name", ["cid", "customer_id"])
def test_an_id_is_understood_and_answered_under_both_names(score: Callable[..., Any], name: str) -> None:
    answer = score(records=[{name: "c-1", "months": 3}], economics={"customer_value": 200, "capacity": 1}).json
    (told,) = answer["scores"]
    assert (told["cid"], told["customer_id"], answer["id_column"]) == ("c-1", "c-1", "cid")
    assert next(iter(told)) == "cid"
    assert answer["campaign"]["chosen"] == [{"cid": "c-1", "record": 0, "customer_id": "c-1"}]


def test_columns_and_broken_records_have_both_names_too(score: Callable[..., Any]) -> None:
    answer = score(columns={"customer_id": ["c-1", "c-2"], "months": [3, "many"]}).json
    assert [(told["cid"], told["customer_id"]) for told in answer["scores"]] == [("c-1", "c-1"), ("c-2", "c-2")]
    assert "error" in answer["scores"][1]


def test_two_names_with_two_ids_are_an_error_of_that_record(score: Callable[..., Any]) -> None:
    answer = score(records=[{"cid": "a", "customer_id": "b"}, {"cid": "a", "customer_id": "a"}, {"customer_id": 7}])
    told = answer.json["scores"]
    assert (told[0]["error"]["pointer"], told[0]["error"]["code"]) == ("/records/0/customer_id", "conflict")
    assert [each["cid"] for each in told[1:]] == ["a", 7]


def test_an_invalid_id_is_named_as_it_was_sent(score: Callable[..., Any]) -> None:
    errors = score(records=[{"customer_id": True}]).json["errors"]
    assert errors[0]["pointer"] == "/records/0/customer_id"


@pytest.mark.parametrize("name", ["cid", "customer_id"])
def test_csv_and_ndjson_have_the_datasets_name(client: FlaskClient, score: Callable[..., Any], name: str) -> None:
    table = f"{name},months,monthly_charge,usage_hours\n007,3,20,5\n"
    csv_answer = client.post(f"{SCORE}?version=1", data=table, content_type="text/csv")
    (line,) = csv.DictReader(StringIO(csv_answer.text))
    assert (next(iter(line)), line["cid"], line["customer_id"]) == ("cid", "007", "007")
    body = json.dumps({name: "007", "months": 3, "monthly_charge": 20, "usage_hours": 5})
    line = json.loads(client.post(f"{SCORE}?version=1", data=body, content_type="application/x-ndjson").text)
    assert (line["cid"], line["customer_id"]) == ("007", "007")


def test_a_table_with_another_column_of_that_name_keeps_it(
    client: FlaskClient, add_version: Callable[..., int]
) -> None:
    add_version(by=trained("cid,customer_id", "cid"))
    records = [{"cid": "c-1", "customer_id": 3}]
    (told,) = client.post(f"{SCORE}?version=1", json={"records": records, "explain": 9}).json["scores"]
    assert (told["cid"], told["customer_id"]) == ("c-1", "c-1")
    assert {reason["column"]: reason["value"] for reason in told["reasons"]}["customer_id"] == 3
