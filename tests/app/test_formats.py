"""NDJSON and CSV requests and answers, by Content-Type and Accept: as strict as JSON, with errors in place."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SCORE = "/v1/models/churn/score"
NDJSON, CSV = "application/x-ndjson", "text/csv"

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens after the estimator is loaded."""
    return sqlite_file


def send(client: FlaskClient, body: str | bytes, kind: str, query: str = "", accept: str = "*/*") -> TestResponse:
    return client.post(f"{SCORE}{query}", data=body, content_type=kind, headers={"Accept": accept})


def lines(answer: TestResponse) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.mimetype) == (200, NDJSON), answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8"), answer.text
    return list(csv.DictReader(StringIO(answer.text)))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", NDJSON),
        ("*/*", NDJSON),
        ("text/csv", CSV),
        ("application/json", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.9", "application/json"),
        ("application/*;q=0.5", NDJSON),
        ("text/html, */*;q=0.1", NDJSON),
    ],
)
def test_the_answer_has_the_format_of_the_request_or_of_accept(client: FlaskClient, accept: str, kind: str) -> None:
    answer = send(client, '{"months": 3, "usage_hours": 9}\n', NDJSON, accept=accept)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["ETag"] == '"1"'


def test_an_unknown_format_is_406(client: FlaskClient) -> None:
    answer = send(client, "{}", "application/json", accept="image/png")
    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert "text/csv" in answer.json["detail"]


def test_an_invalid_ndjson_line_has_an_error_in_its_place(client: FlaskClient) -> None:
    body = b"\n".join(
        [
            b'{"customer_id": "c-1", "months": 3}',
            b"{",
            b"",
            b'{"months": 3, "months": 4}',
            b'{"months": NaN}',
            b'{"months": 1e999}',
            b'{"plan": "\\ud800"}',
            b"\xff",
            b"[1]",
            b'{"customer_id": "c-9", "months": "three"}',
            b'{"customer_id": "c-10", "month": 3}',
            b"[" * 9 + b"]" * 9,
            b'{"customer_id": 12, "months": 3}\r',
        ]
    )
    first, *bad, last = lines(send(client, body, NDJSON))
    assert (first["customer_id"], last["customer_id"]) == ("c-1", 12)
    assert first["churn_probability"] == last["churn_probability"]
    told = [(one["customer_id"], one["error"]["pointer"], one["error"]["code"]) for one in bad]
    assert told == [
        (None, "/1", "malformed"),
        (None, "/2/months", "duplicate"),
        (None, "/3/months", "not_finite"),
        (None, "/4/months", "not_finite"),
        (None, "/5/plan", "surrogate"),
        (None, "/6", "encoding"),
        (None, "/7", "type"),
        ("c-9", "/8/months", "wrong_type"),
        ("c-10", "/9/month", "unknown_column"),
        (None, "/10/0/0/0/0/0/0/0/0", "depth"),
    ]


def test_each_invalid_line_has_an_error_and_the_first_hundred_a_detail(client: FlaskClient) -> None:
    good, cut, twice = '{"months": 3, "usage_hours": 9}', '{"months": [', '{"months": 3, "months": 4}'
    first, *bad, last = lines(send(client, "\n".join([good, *[cut, twice] * 100, good]), NDJSON))
    assert first == last
    assert [one["error"]["pointer"].split("/")[1] for one in bad] == [str(row) for row in range(1, 201)]
    details = [one["error"]["detail"] for one in bad]
    assert ["column 13" in details[0], "'months' comes twice" in details[1]] == [True, True]
    assert details[:100] == [details[0], details[1]] * 50
    assert set(details[100:]) == {"this line is not valid JSON; only the first faults are explained"}


def test_an_invalid_csv_line_has_an_error_in_its_place(client: FlaskClient) -> None:
    body = 'customer_id,months,usage_hours\r\nc-1,3,\r\n\r\n"c,2",x,1\r\nc-3,1\r\nc-4,3,\r\n'
    first, second, third, last = rows(send(client, body, CSV))
    assert [first["customer_id"], second["customer_id"], third["customer_id"]] == ["c-1", "c,2", ""]
    assert first["churn_probability"] == last["churn_probability"]
    assert float(first["churn_probability"]) < 1
    assert (first["error"], second["churn_probability"], third["churn_probability"]) == ("", "", "")
    assert "'x' is not a number" in second["error"]
    assert "2 cells" in third["error"]


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ("customer_id,months\né,3\n".encode() + b"\xff,3\n", 422, ""),
        (b'months\n"3', 400, ""),
        (b'months\n"3"x\n', 400, ""),
        (b"months,months\n1,2\n", 422, "/header/months"),
        (b"months\n", 422, ""),
        (b"", 422, ""),
        (b"month\n3\n", 422, "/0/month"),
        (b"months," + b"x" * 257 + b"\n1,2\n", 422, "/header/" + "x" * 256 + "… (257 characters)"),
        (b",".join(b"c%d" % n for n in range(10_001)) + b"\n", 422, "/header"),
        (b"months,usage_hours\nx,9\n", 422, "/0/months"),
        (b"months\n3\n", 422, ""),
    ],
)
def test_csv_that_cannot_be_scored_is_a_problem(client: FlaskClient, body: bytes, status: int, pointer: str) -> None:
    answer = send(client, body, CSV)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["errors"][0]["pointer"] == pointer


def test_an_unclosed_quote_is_refused(client: FlaskClient) -> None:
    assert "a quote is never closed" in send(client, b'customer_id,months\na,3\nb,"4\n', CSV).json["detail"]


def test_texts_that_a_spreadsheet_would_run_get_an_apostrophe_and_numbers_none(client: FlaskClient) -> None:
    body = "customer_id,months,usage_hours\n=1+1,3,\n@x,4,\n-5,5,\n＝1,6,\n"
    told = rows(send(client, body, CSV, "?customer_value=0&contact_cost=1"))
    assert [row["customer_id"] for row in told] == ["'=1+1", "'@x", "'-5", "'＝1"]
    assert told[0]["expected_profit"] == "-1.0"


def test_the_query_sets_reasons_and_decisions(client: FlaskClient) -> None:
    query = "?explain=2&customer_value=200&offer_cost=10&contact_cost=1&acceptance=0.3&capacity=1"
    body = "\n".join(json.dumps({"customer_id": n, "months": n, "usage_hours": 9}) for n in range(5))
    told = lines(send(client, body, NDJSON, query))
    assert [len(one["reasons"]) for one in told] == [2] * 5
    best = max(told, key=lambda one: one["decision"]["expected_profit"])
    assert [one for one in told if one["decision"]["contact"]] == ([best] if told else [])
    row = rows(send(client, "customer_id,months,usage_hours\n0,0,9\n", CSV, query))[0]
    assert row["reason_1_column"] == told[0]["reasons"][0]["column"]
    assert float(row["gap"]) == told[0]["gap"]
    assert float(row["expected_profit"]) == told[0]["decision"]["expected_profit"]


@pytest.mark.parametrize(("direction", "sign"), [("raising", 1), ("lowering", -1)])
def test_a_direction_returns_only_its_reasons_in_every_format(client: FlaskClient, direction: str, sign: int) -> None:
    records = [{"customer_id": n, "months": 12 * n, "usage_hours": 40} for n in range(5)]
    body, table = (
        "\n".join(map(json.dumps, records)),
        "customer_id,months,usage_hours\n" + "\n".join(f"{n},{12 * n},40" for n in range(5)),
    )
    every = client.post(SCORE, json={"records": records, "explain": 100}).json["scores"]
    expected = [[one for one in each["reasons"] if sign * one["contribution"] > 0] for each in every]
    assert all(0 < len(reasons) < 4 for reasons in expected), "this test needs reasons in both directions"
    asked = {"records": records, "explain": 4, "direction": direction}
    query = f"?explain=4&direction={direction}"
    for scores in (
        client.post(SCORE, json=asked).json["scores"],
        client.post(SCORE + query, json={"records": records}).json["scores"],
        lines(send(client, body, NDJSON, query)),
    ):
        assert [one["reasons"] for one in scores] == expected
        assert [one["gap"] for one in scores] == [one["gap"] for one in every]
    for row, reasons in zip(rows(send(client, table, CSV, query)), expected, strict=True):
        told = [(row.get(f"reason_{n}_column") or None, row.get(f"reason_{n}_text") or None) for n in range(1, 5)]
        assert told == [*((one["column"], one["text"]) for one in reasons), *[(None, None)] * (4 - len(reasons))]


def test_each_reason_says_the_value_in_a_sentence(client: FlaskClient) -> None:
    (told,) = client.post(SCORE, json={"records": [{"months": 24}], "explain": 100}).json["scores"]
    texts = {reason["column"]: reason["text"] for reason in told["reasons"]}
    assert texts["months"] == "months is 24"
    assert texts["usage_hours"] == "usage_hours is unknown"


def test_a_campaign_has_totals_and_a_limited_one_lists_the_contacts(client: FlaskClient) -> None:
    records = [{"customer_id": f"c-{n}", "months": n} for n in range(20)] + [{"customer_id": "bad", "months": "x"}]
    free = client.post(SCORE, json={"records": records, "economics": {"customer_value": 100, "contact_cost": 1}}).json
    decided = [one["decision"] for one in free["scores"] if "decision" in one]
    contacts = [one for one in decided if one["contact"]]
    assert free["campaign"]["contacts"] == len(contacts) == 20
    assert free["campaign"]["expected_profit"] == pytest.approx(sum(one["expected_profit"] for one in contacts))
    assert free["campaign"]["expected_cost"] == pytest.approx(20)
    assert "chosen" not in free["campaign"]
    economics = {"customer_value": 100, "contact_cost": 1, "budget": 3.5}
    limited = client.post(SCORE, json={"records": records, "economics": economics}).json
    chosen = limited["campaign"]["chosen"]
    ranked = sorted(range(20), key=lambda row: -free["scores"][row]["decision"]["expected_profit"])
    assert [one["record"] for one in chosen] == ranked[:3]
    assert [one["customer_id"] for one in chosen] == [f"c-{row}" for row in ranked[:3]]
    assert [row for row in range(20) if limited["scores"][row]["decision"]["contact"]] == sorted(ranked[:3])


@pytest.mark.parametrize(
    ("query", "body", "pointer"),
    [
        ("?explain=1", {"explain": 2}, "/query/explain"),
        ("?customer_value=1", {"economics": {"customer_value": 2}}, "/query/customer_value"),
        ("?budget=1", {}, "/query/customer_value"),
        ("?direction=raising", {}, "/query/direction"),
        ("?direction=up&explain=1", {}, "/query/direction"),
        ("?direction=raising", {"explain": 1, "direction": "lowering"}, "/query/direction"),
        ("", {"direction": "lowering"}, "/direction"),
        ("", {"direction": "up", "explain": 1}, "/direction"),
        ("?customer_value=1&capacity=-1", {}, "/query/capacity"),
    ],
)
def test_options_that_contradict_each_other_are_422(
    client: FlaskClient, query: str, body: dict[str, object], pointer: str
) -> None:
    answer = client.post(f"{SCORE}{query}", json={"records": [{}], **body})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_missing_values_are_counted_by_column_among_those_that_were_scored(client: FlaskClient) -> None:
    bad = {"customer_id": "b", "months": "x"}
    answer = client.post(SCORE, json={"records": [{"months": 1}, {"months": None, "usage_hours": 2}, bad]})
    assert answer.json["imputed"] == {"months": 1, "monthly_charge": 2, "support_tickets": 2, "usage_hours": 1}
    assert answer.json["unseen"] == {}


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_ten_thousand_records_are_the_most_in_every_format(client: FlaskClient, kind: str) -> None:
    line, head = {NDJSON: ('{"months": 3, "usage_hours": 9}\n', ""), CSV: ("3,9\n", "months,usage_hours\n")}[kind]
    assert send(client, head + line * 10_000, kind).status_code == 200
    beyond = send(client, head + line * 10_001, kind)
    assert beyond.status_code == 413
    assert "/v1/jobs/scoring" in beyond.json["detail"]


def test_a_file_that_lacks_most_columns_of_the_training_is_refused_with_their_names(client: FlaskClient) -> None:
    for body, kind in (("customer_id,months\na,3\n", CSV), ('{"customer_id": "a", "months": 3}', NDJSON)):
        answer = send(client, body, kind)
        assert (answer.status_code, answer.json["type"]) == (422, "urn:problem-type:ebb:unreadable-table")
        assert "lacks 3 of the 4 columns that training saw: 'monthly_charge'" in answer.json["detail"]
    assert client.post(SCORE, json={"records": [{"months": 3}]}).status_code == 200


def test_headers_tell_what_was_imputed_in_every_format(client: FlaskClient) -> None:
    for body, kind in (
        ("months,usage_hours\n3,9\n4,\n5,x\n", CSV),
        ('{"months": 3, "usage_hours": 9}\n{"months": 4}\n[]', NDJSON),
    ):
        headers = send(client, body, kind).headers
        assert json.loads(headers["Ebb-Imputed"]) == {"monthly_charge": 2, "support_tickets": 2, "usage_hours": 1}
        assert (headers["Ebb-Imputed-Columns"], headers.get("Ebb-Unseen")) == ("3", None)


def test_lines_of_nothing_but_separators_are_no_customers(client: FlaskClient) -> None:
    told = rows(send(client, "customer_id,months,usage_hours\n,,\na,3,9\n,,\n", CSV))
    assert [row["customer_id"] for row in told] == ["a"]
