"""A customer gets the same float64 over HTTP, alone or in any batch, at any position, in every format."""

import csv
import json
import random
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.estimator import Estimator
from tests.app.mixed import Record, customer, train, train_wide

SCORE = "/v1/models/churn/score"


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens after the estimator is loaded."""
    return sqlite_file


@pytest.fixture(scope="session")
def mixed() -> Estimator:
    return train()


@pytest.fixture
def version(add_version: Callable[..., int], mixed: Estimator) -> int:
    return add_version("churn", mixed)


def some_customers(seed: int, n: int) -> list[Record]:
    """Draw customers, some with missing values or an unseen plan."""
    draw, told = random.Random(seed), []
    for row in range(n):
        record = customer(draw) | {"id": f"c-{row}"}
        for name in draw.sample(["months", "charge", "plan", "since", "paperless"], draw.choice([0, 0, 0, 1, 2])):
            record[name] = None
        told.append(record | ({"plan": "Satellite"} if draw.random() < 0.1 else {}))
    return told


def as_csv(records: list[Record]) -> str:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(records[0])
    for record in records:
        writer.writerow("" if v is None else str(v).lower() if isinstance(v, bool) else v for v in record.values())
    return out.getvalue()


Answers = dict[str, dict[str, Any]]


class Ways:
    """Every form of a request, with the scores by id."""

    def __init__(self, post: Callable[[str, bytes, dict[str, str]], str], version: int) -> None:
        self._post, self._version = post, version

    def _send(self, body: str, kind: str, accept: str, query: str) -> str:
        path = f"{SCORE}?version={self._version}{query}"
        return self._post(path, body.encode(), {"Content-Type": kind, "Accept": accept})

    def records(self, records: list[Record], query: str = "") -> Answers:
        text = self._send(json.dumps({"records": records}), "application/json", "*/*", query)
        return {score["customer_id"]: score for score in json.loads(text)["scores"]}

    def columns(self, records: list[Record], query: str = "") -> Answers:
        columns = {name: [record[name] for record in records] for name in records[0]}
        text = self._send(json.dumps({"columns": columns}), "application/json", "application/json", query)
        return {score["customer_id"]: score for score in json.loads(text)["scores"]}

    def ndjson(self, records: list[Record], query: str = "") -> Answers:
        body = "\n".join(map(json.dumps, records))
        text = self._send(body, "application/x-ndjson", "application/x-ndjson", query)
        return {score["customer_id"]: score for score in map(json.loads, text.splitlines())}

    def csv(self, records: list[Record], query: str = "") -> Answers:
        text = self._send(as_csv(records), "text/csv", "text/csv", query)
        return {line["customer_id"]: _from_csv(line) for line in csv.DictReader(StringIO(text))}

    def csv_to_json(self, records: list[Record], query: str = "") -> Answers:
        text = self._send(as_csv(records), "text/csv", "application/json", query)
        return {score["customer_id"]: score for score in json.loads(text)["scores"]}


def _from_csv(line: dict[str, str]) -> dict[str, Any]:
    reasons = []
    for place in range(1, 20):
        if line.get(f"reason_{place}_column"):
            contribution = float(line[f"reason_{place}_contribution"])
            reasons.append({"column": line[f"reason_{place}_column"], "contribution": contribution})
    score: dict[str, Any] = {"churn_probability": float(line["churn_probability"]), "reasons": reasons}
    if "gap" in line:
        score["gap"] = float(line["gap"])
    if "contact" in line:
        score["decision"] = {"contact": line["contact"] == "true", "expected_profit": float(line["expected_profit"])}
    return score


WAYS = ("records", "columns", "ndjson", "csv", "csv_to_json")


def essence(score: dict[str, Any]) -> tuple[Any, ...]:
    """Return the numbers of an answer."""
    reasons = [(reason["column"], reason["contribution"]) for reason in score.get("reasons", [])]
    return score["churn_probability"], reasons, score.get("gap"), score.get("decision")


@pytest.fixture
def ways(client: FlaskClient, version: int) -> Ways:
    def post(path: str, body: bytes, headers: dict[str, str]) -> str:
        answer = client.post(path, data=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    return Ways(post, version)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_batch_position_and_format_change_no_bit(ways: Ways, data: st.DataObject) -> None:
    everybody = some_customers(data.draw(st.integers(0, 10**6)), data.draw(st.sampled_from([1, 2, 63, 64, 65, 300])))
    query = data.draw(
        st.sampled_from(
            ["", "&explain=3", "&explain=3&direction=raising", "&customer_value=100&offer_cost=3&contact_cost=1"]
        )
    )
    expected = {name: essence(score) for name, score in ways.records(everybody, query).items()}
    assert len(expected) == len(everybody)
    some = data.draw(st.permutations(everybody))[: data.draw(st.integers(1, len(everybody)))]
    for way in WAYS:
        for company in (some, [some[0]]):
            got = getattr(ways, way)(company, query)
            assert {name: essence(score) for name, score in got.items()} == {
                r["id"]: expected[r["id"]] for r in company
            }


def test_scores_have_the_bits_of_the_estimator(ways: Ways, mixed: Estimator) -> None:
    everybody = some_customers(1, 200)
    columns = {name: [record[name] for record in everybody] for name in mixed.encoder.names}
    own = mixed.predict(columns, len(everybody)).tolist()
    for way in WAYS:
        assert [score["churn_probability"] for score in getattr(ways, way)(everybody).values()] == own


BAD_DATES = ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00"]


@pytest.mark.parametrize("bad", BAD_DATES)
def test_a_date_outside_the_years_1_to_9999_is_the_problem_of_its_customer_alone(
    client: FlaskClient, version: int, bad: str
) -> None:
    good, last = customer(random.Random(1)), "9999-12-31T23:59:59Z"
    records = [good, good | {"since": bad}, good | {"since": last}]
    query = f"{SCORE}?version={version}&explain=5"
    as_json = client.post(query, json={"records": records}).json
    headers = {"Content-Type": "text/csv", "Accept": "application/json"}
    as_text = client.post(query, data=as_csv(records), headers=headers).json
    for told in (as_json, as_text):
        assert ["error" in score for score in told["scores"]] == [False, True, False]
        assert told["scores"][1]["error"]["code"] == "wrong_type"
        assert bad in told["scores"][1]["error"]["detail"]
        assert last in [reason["value"] for reason in told["scores"][2]["reasons"]]
    alone = client.post(query, json={"records": records[1:2]})
    assert (alone.status_code, alone.json["errors"][0]["code"]) == (422, "wrong_type")


def test_unseen_categories_are_counted_and_scored(client: FlaskClient, version: int) -> None:
    records = [customer(random.Random(1)) | {"plan": plan} for plan in ("Satellite", "DSL", "Carrier pigeon", None)]
    answer = client.post(f"{SCORE}?version={version}", json={"records": records})
    assert (answer.json["errors"], answer.json["unseen"], answer.json["imputed"]) == (0, {"plan": 2}, {"plan": 1})


def test_rows_that_are_scored_chunk_by_chunk_have_the_bits_and_counts_of_all_at_once(
    client: FlaskClient, add_version: Callable[..., int]
) -> None:
    estimator, draw = train_wide(columns=400), random.Random(3)
    names = estimator.encoder.names
    records: list[Record] = [{name: draw.choice([1, 50.5, None]) for name in names} for _ in range(1_500)]
    records[700] = records[1_400] = {"c1": "x", "c0": None}
    query = f"?version={add_version('churn', estimator)}&explain=2&customer_value=10"
    told = client.post(f"{SCORE}{query}", json={"records": records}).json
    fit = [record for record in records if "x" not in record.values()]
    columns = {name: [record[name] for record in fit] for name in names}
    scores = [score for score in told["scores"] if "error" not in score]
    assert told["errors"] == len(records) - len(scores) == 2
    assert [score["churn_probability"] for score in scores] == estimator.predict(columns, len(fit)).tolist()
    reasons = [[reason.to_json() for reason in row] for row in estimator.explain(columns, len(fit), top=2).reasons]
    assert [score["reasons"] for score in scores] == reasons
    assert told["imputed"] == {name: values.count(None) for name, values in columns.items()}
