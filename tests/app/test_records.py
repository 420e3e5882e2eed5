"""Every record has a score in its place: a probability with reasons, or an error."""

from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ebb.customers import customers
from model.estimator import Estimator

SCORE = "/v1/models/churn/score"
Record = dict[str, object]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens after the estimator is loaded."""
    return sqlite_file


def score(client: FlaskClient, records: list[Any], query: str = "", **more: object) -> TestResponse:
    return client.post(f"{SCORE}{query}", json={"records": records, **more})


@pytest.mark.usefixtures("champion")
def test_records_and_columns_alone_and_together_get_the_same_bits(client: FlaskClient) -> None:
    columns = {name: values for name, values in _columns(300).items() if name != "customer_id"}
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    by_columns = client.post(SCORE, json={"columns": columns}).json["scores"]
    by_records = score(client, records).json["scores"]
    backwards = score(client, records[::-1]).json["scores"][::-1]
    alone = [score(client, [records[row]]).json["scores"][0] for row in (0, 63, 64, 299)]
    assert by_columns == by_records == backwards
    assert alone == [by_records[row] for row in (0, 63, 64, 299)]


@pytest.mark.usefixtures("champion")
def test_reasons_are_the_largest_and_all_of_them_make_the_difference(
    client: FlaskClient, record: Record, estimator: Estimator
) -> None:
    told = score(client, [record], explain=100).json["scores"][0]
    p, reasons = told["churn_probability"], told["reasons"]
    assert {reason["column"]: reason["value"] for reason in reasons} == {
        name: value for name, value in record.items() if name != "customer_id"
    }
    difference = np.log(p / (1 - p)) - estimator.baseline_log_odds
    assert sum(reason["contribution"] for reason in reasons) == pytest.approx(difference, abs=1e-9)
    assert abs(told["gap"]) < 1e-12
    fewer = score(client, [record], explain=2).json["scores"][0]
    assert fewer["gap"] == told["gap"]
    assert "gap" not in score(client, [record]).json["scores"][0]
    assert fewer["reasons"] == sorted(reasons, key=lambda reason: -abs(reason["contribution"]))[:2]


@pytest.mark.usefixtures("champion")
def test_economics_add_a_decision(client: FlaskClient, record: Record) -> None:
    economics = {"customer_value": 200, "offer_cost": 10, "contact_cost": 1, "acceptance": 0.3}
    told = score(client, [record], economics=economics).json["scores"][0]
    p = told["churn_probability"]
    assert told["decision"]["expected_profit"] == pytest.approx(p * 0.3 * 190 - (1 - p) * 10 - 1)
    assert told["decision"]["contact"] == (told["decision"]["expected_profit"] > 0)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"months": "two"}, "/records/1/months", "wrong_type"),
        ({"months": True}, "/records/1/months", "wrong_type"),
        ({"months": [1]}, "/records/1/months", "wrong_type"),
        ({"months": {"a": 1}}, "/records/1/months", "wrong_type"),
        ({"months": 10**400}, "/records/1/months", "not_finite"),
        ({"months": 1e300}, "/records/1/months", "out_of_range"),
        ({"month": 24}, "/records/1/month", "unknown_column"),
        ({"a/b": 24}, "/records/1/a~1b", "unknown_column"),
        ({"customer_id": "x" * 257}, "/records/1/customer_id", "id"),
        ({"customer_id": "a\nb"}, "/records/1/customer_id", "id"),
        ({"customer_id": 1.5}, "/records/1/customer_id", "id"),
        ({"customer_id": True}, "/records/1/customer_id", "id"),
        ({"customer_id": ["x"]}, "/records/1/customer_id", "id"),
        ({"customer_id": 10**256}, "/records/1/customer_id", "id"),
    ],
)
@pytest.mark.usefixtures("champion")
def test_an_invalid_record_has_an_error_and_the_others_have_scores(
    client: FlaskClient, record: Record, change: Record, pointer: str, code: str
) -> None:
    answer = score(client, [record, record | change, record], explain=1)
    alone = score(client, [record], explain=1).json["scores"][0]
    first, bad, last = answer.json["scores"]
    assert (answer.status_code, answer.json["errors"]) == (200, 1)
    assert first == last == alone
    assert (bad["error"]["pointer"], bad["error"]["code"]) == (pointer, code)
    assert bad["error"]["detail"]
    assert bad["customer_id"] == (None if "customer_id" in change else "c-1")
    assert "churn_probability" not in bad


@pytest.mark.parametrize("bad", [5, None, "c-1", [1], True])
@pytest.mark.usefixtures("champion")
def test_an_invalid_record_has_an_error_in_its_place(client: FlaskClient, record: Record, bad: object) -> None:
    answer = score(client, [record, bad, record], explain=1)
    first, told, last = answer.json["scores"]
    assert (answer.status_code, answer.json["errors"]) == (200, 1)
    assert first == last == score(client, [record], explain=1).json["scores"][0]
    assert told == {
        "customer_id": None,
        "error": {"pointer": "/records/1", "code": "type", "detail": "a record is a JSON object"},
    }


@pytest.mark.usefixtures("champion")
def test_when_no_record_can_be_scored_it_is_422(client: FlaskClient, record: Record) -> None:
    answer = score(client, [record | {"months": "x"}, record | {"monthly": 1}])
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [
        ("/records/0/months", "wrong_type"),
        ("/records/1/monthly", "unknown_column"),
    ]


@pytest.mark.usefixtures("champion")
def test_missing_columns_and_nulls_are_imputed_alike(client: FlaskClient, record: Record) -> None:
    without = {name: value for name, value in record.items() if name != "months"}
    one, other = score(client, [without, record | {"months": None}]).json["scores"]
    assert one == other
    assert "churn_probability" in one
    assert score(client, [{}]).json["scores"][0]["customer_id"] is None


@pytest.mark.usefixtures("champion")
def test_an_outcome_column_in_a_record_changes_nothing(client: FlaskClient, record: Record) -> None:
    one, other, _ = score(client, [record, record | {"churned": "yes"}, record | {"churned": 5}]).json["scores"]
    assert one == other


@pytest.mark.parametrize(
    ("columns", "pointer", "code"),
    [
        ({"months": [1, "x"]}, "/columns/months/1", "wrong_type"),
        ({"months": [1, 2], "customer_id": ["a", 2.5]}, "/columns/customer_id/1", "id"),
    ],
)
@pytest.mark.usefixtures("champion")
def test_an_invalid_value_of_a_column_has_a_pointer(
    client: FlaskClient, columns: dict[str, list[object]], pointer: str, code: str
) -> None:
    answer = client.post(SCORE, json={"columns": columns})
    assert answer.status_code == 200
    assert (answer.json["scores"][1]["error"]["pointer"], answer.json["scores"][1]["error"]["code"]) == (pointer, code)
    assert "churn_probability" in answer.json["scores"][0]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"records": None}, ""),
        ({"records": [{}], "columns": {"months": [1]}}, ""),
        ({"records": []}, "/records"),
        ({"columns": {}}, "/columns"),
        ({"columns": {"months": []}}, "/columns"),
        ({"columns": {"months": [1, 2], "usage_hours": [1]}}, "/columns/usage_hours"),
        ({"columns": {"months": [1], "month": [1]}}, "/columns/month/0"),
        ({"columns": {"months": [1], "x" * 257: [1]}}, "/columns/" + "x" * 256 + "… (257 characters)"),
        ({"columns": {f"c{n}": [1] for n in range(10_001)}}, "/columns"),
    ],
)
@pytest.mark.usefixtures("champion")
def test_a_request_without_valid_customers_is_422(client: FlaskClient, body: Record, pointer: str) -> None:
    answer = client.post(SCORE, json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.usefixtures("champion")
def test_ten_thousand_records_are_the_most(client: FlaskClient, record: Record) -> None:
    answer = score(client, [record] * 10_000)
    assert (answer.status_code, len(answer.json["scores"])) == (200, 10_000)
    beyond = score(client, [record] * 10_001)
    assert beyond.status_code == 413
    assert "`ebb score`" in beyond.json["detail"]


def _columns(n: int) -> dict[str, list[Any]]:
    return {name: np.asarray(values).tolist() for name, values in customers(n, seed=5).columns().items()}
