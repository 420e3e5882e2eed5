"""Bodies and queries are parsed strictly. Errors say what to write instead."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

SCORE = "/v1/models/churn/score"


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens before the database."""
    return sqlite_file


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, application/json",
        "application/json; charset=latin-1",
        "application/json; version=2",
        "application/jsonp",
    ],
)
def test_other_content_types_are_415(client: FlaskClient, content_type: str | None) -> None:
    answer = client.post(SCORE, data=b"{}", content_type=content_type)
    assert (answer.status_code, answer.json["title"]) == (415, "Unsupported Media Type")
    assert "application/json" in answer.json["detail"]


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_another_spelling_of_the_media_type_is_accepted(client: FlaskClient, content_type: str) -> None:
    assert client.post(SCORE, data=b"{}", content_type=content_type).status_code == 422


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity"])
@pytest.mark.parametrize(("path", "content_type"), [(SCORE, "application/json"), ("/v1/datasets?target=x", "text/csv")])
def test_compressed_bodies_are_415(client: FlaskClient, path: str, content_type: str, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    answer = client.post(path, data=b"{}", content_type=content_type, headers=headers)
    assert answer.status_code == 415
    assert "compressed" in answer.json["detail"]


def test_a_body_beyond_16_mib_is_413_and_suggests_a_scoring_job(client: FlaskClient) -> None:
    answer = client.post(SCORE, data=b" " * (16 * 2**20 + 1), content_type="application/json")
    assert answer.status_code == 413
    assert "`ebb score`" in answer.json["detail"]


def test_a_body_without_a_length_is_limited_too(client: FlaskClient) -> None:
    body: dict[str, Any] = {"wsgi.input": BytesIO(b" " * (16 * 2**20 + 9)), "wsgi.input_terminated": True}
    answer = client.post(SCORE, content_type="application/json", environ_overrides=body)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("/v1/jobs?colour=red", "/query/colour", "unknown"),
        ("/v1/jobs?page_size=0", "/query/page_size", "range"),
        ("/v1/jobs?page_size=1001", "/query/page_size", "range"),
        ("/v1/jobs?page_size=ten", "/query/page_size", "type"),
        ("/v1/jobs?page_size=1&page_size=2", "/query/page_size", "duplicate"),
        ("/v1/jobs?state=sleeping", "/query/state", "unknown"),
        ("/v1/jobs?page_token=nonsense", "/query/page_token", "page-token"),
        ("/v1/jobs?page_token=", "/query/page_token", "range"),
        ("/v1/datasets?page_token=%00", "/query/page_token", "page-token"),
        ("/v1/models?x%2Fy=1", "/query/x~1y", "unknown"),
        ("/livez?verbose=1", "/query/verbose", "unknown"),
    ],
)
def test_an_invalid_query_is_422_with_a_pointer(client: FlaskClient, path: str, pointer: str, code: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(pointer, code)]


@pytest.mark.parametrize("name", ["version", "budget"])
@pytest.mark.parametrize("text", ["null", "NULL", ""])
def test_a_query_has_no_null(client: FlaskClient, name: str, text: str) -> None:
    answer = client.post(f"{SCORE}?{name}={text}", json={})
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(f"/query/{name}", "type")]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ([], "", "type"),
        ({"records": [], "colour": 1}, "/colour", "unknown"),
        ({"records": {"months": 1}}, "/records", "type"),
        ({"records": [5]}, "/records/0", "type"),
        ({"columns": {"months": [1], "a/b": None}}, "/columns/a~1b", "type"),
        ({"columns": {"months": 3}}, "/columns/months", "type"),
        ({"records": [{}], "explain": -1}, "/explain", "range"),
        ({"records": [{}], "explain": True}, "/explain", "type"),
        ({"records": [{}], "economics": {}}, "/economics/customer_value", "missing"),
        ({"records": [{}], "economics": {"customer_value": 1, "acceptance": 2}}, "/economics/acceptance", "range"),
        ({"records": [{}], "economics": {"customer_value": 1, "a/b": 2}}, "/economics/a~1b", "unknown"),
    ],
)
@pytest.mark.usefixtures("champion")
def test_an_invalid_body_is_422_with_a_pointer(client: FlaskClient, body: object, pointer: str, code: str) -> None:
    answer = client.post(SCORE, json=body)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(pointer, code)]


@pytest.mark.usefixtures("champion")
def test_invalid_json_is_400_with_a_pointer(client: FlaskClient) -> None:
    answer = client.post(SCORE, data=b'{"records": [{"a": NaN}]}', content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == "/records/0/a"


@pytest.mark.usefixtures("champion")
def test_the_error_for_thousands_of_digits_is_in_plain_words(client: FlaskClient) -> None:
    answer = client.post(SCORE, data=b'{"explain": %s}' % (b"9" * 5000), content_type="application/json")
    assert answer.status_code == 400
    assert "digits" in answer.json["detail"]
    assert "sys." not in answer.text


def test_a_name_does_not_end_in_a_new_line(client: FlaskClient, dataset: str) -> None:
    body = {"model": "churn\n", "dataset": dataset}
    assert client.post("/v1/jobs/training", json=body).json["errors"][0]["pointer"] == "/model"
    body = {"model": "churn", "dataset": f"{dataset}\n"}
    assert client.post("/v1/jobs/training", json=body).json["errors"][0]["pointer"] == "/dataset"
    for query in ("target=churned%0A", "target=churned&id=customer_id%0A", "target=churned&name=home%0A"):
        answer = client.post(f"/v1/datasets?{query}", data=b"", content_type="text/csv")
        assert answer.json["errors"][0]["pointer"].startswith("/query/")
    assert client.get("/v1/models/churn%0A").status_code == 404
    assert client.get("/v1/jobs?page_token=a%0A").status_code == 422
