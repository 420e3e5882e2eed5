"""Uploads are streamed, inspected, and identified by their bytes."""

from io import BytesIO, RawIOBase
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.artifacts import ArtifactStore
from store.settings import Settings
from tests.app.conftest import CSV

NDJSON = b'{"months": 1, "churned": true}\n{"months": 20, "churned": false}\n'


def upload(
    client: FlaskClient, data: Any, content_type: str = "text/csv", query: str = "target=churned"
) -> TestResponse:
    return client.post(f"/v1/datasets?{query}", data=data, content_type=content_type)


def kept(settings: Settings) -> list[Path]:
    return [path for path in settings.artifacts.rglob("*") if path.is_file()]


def test_an_upload_is_201_with_its_schema(client: FlaskClient) -> None:
    answer = upload(client, CSV, query="target=churned&id=customer_id&name=home")
    told = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/datasets/{told['id']}"
    assert (told["name"], told["target"], told["id_column"]) == ("home", "churned", "customer_id")
    assert (told["rows"], told["bytes"]) == (300, len(CSV))
    assert [column["name"] for column in told["columns"]] == [
        "months",
        "monthly_charge",
        "support_tickets",
        "usage_hours",
    ]
    assert told["columns"][0]["kind"] == "numeric"
    assert client.get(answer.headers["Location"]).json == told


def test_the_same_bytes_again_are_the_same_dataset(client: FlaskClient, settings: Settings) -> None:
    first, again = upload(client, CSV), upload(client, CSV)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]
    assert len(kept(settings)) == 1


def test_the_same_bytes_read_another_way_are_another_dataset(client: FlaskClient) -> None:
    first, other = upload(client, CSV), upload(client, CSV, query="target=churned&id=customer_id")
    assert other.status_code == 201
    assert other.json["id"] != first.json["id"]
    assert other.json["sha256"] == first.json["sha256"]


def test_ndjson_and_parquet_are_read_by_their_type(client: FlaskClient) -> None:
    sink = BytesIO()
    pa.parquet.write_table(pa.table({"months": [1, 20], "churned": [True, False]}), sink)
    for data, kind in ((NDJSON, "application/x-ndjson"), (sink.getvalue(), "application/vnd.apache.parquet")):
        answer = upload(client, data, kind)
        assert (answer.status_code, answer.json["rows"], answer.json["positives"]) == (201, 2, 1)


def test_a_damaged_column_gets_a_warning(client: FlaskClient) -> None:
    lines = [f"{row % 7},always,{row % 2},{row % 2}" for row in range(200)]
    answer = upload(client, "months,plan,left_on,churned\n" + "\n".join(lines))
    assert {(w["code"], w["column"]) for w in answer.json["warnings"]} == {
        ("constant_column", "plan"),
        ("leaking_column", "left_on"),
    }


@pytest.mark.parametrize(
    ("data", "query", "word"),
    [
        (b"", "target=churned", "empty"),
        (b"months,churned\n", "target=churned", "rows"),
        (b"months,churned\n1,yes\n2\n", "target=churned", "cells"),
        ("months,churned\n1,é\n".encode() + b"\xff,no\n", "target=churned", "line 3 is not UTF-8"),
        (b"months,churned\n1,maybe\n2,no\n", "target=churned", "maybe"),
        (b"months,churned\n1,yes\n2,yes\n", "target=churned", "all 2 rows churned"),
        (b"months,churned\n1,no\n", "target=churned", "all 1 rows stayed"),
        (b"churned\nyes\nno\n", "target=churned", "no column to learn from"),
        (b"id,churned\n1,yes\n2,no\n", "target=churned&id=id", "no column to learn from"),
        (CSV, "target=left", "left"),
        (CSV, "target=churned&id=nobody", "nobody"),
    ],
)
def test_a_table_unfit_for_training_is_422_with_the_reason(
    client: FlaskClient, settings: Settings, data: bytes, query: str, word: str
) -> None:
    answer = upload(client, data, query=query)
    assert answer.status_code == 422
    assert word in answer.json["errors"][0]["detail"]
    assert client.get("/v1/datasets").json["datasets"] == []
    assert kept(settings) == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("target=left", "/query/target"),
        ("target=churned&id=nobody", "/query/id"),
        ("target=churned&id=churned", "/query/id"),
    ],
)
def test_a_missing_column_has_a_pointer_to_its_name(client: FlaskClient, query: str, pointer: str) -> None:
    assert [error["pointer"] for error in upload(client, CSV, query=query).json["errors"]] == [pointer]


def test_a_refused_upload_leaves_the_same_bytes_of_another_dataset(client: FlaskClient, settings: Settings) -> None:
    first = upload(client, CSV)
    assert upload(client, CSV, query="target=left").status_code == 422
    (file,) = kept(settings)
    assert file.name == first.json["sha256"]


@pytest.mark.parametrize(
    "query", ["", "id=customer_id", "target=", "target=a%00b", f"target={'x' * 257}", "target=churned&nme=x"]
)
def test_an_upload_without_a_target_stores_nothing(client: FlaskClient, settings: Settings, query: str) -> None:
    assert upload(client, CSV, query=query).status_code == 422
    assert kept(settings) == []


def test_a_table_without_a_target_is_read_again_with_one(client: FlaskClient) -> None:
    first = upload(client, CSV, query="unlabelled=true&name=home")
    assert (first.status_code, first.json["target"]) == (201, None)
    wanted = {"target": "churned", "id": "customer_id"}
    again = client.post(f"/v1/datasets/{first.json['id']}/readings", json=wanted)
    assert again.status_code == 201, again.text
    assert again.headers["Location"] == f"/v1/datasets/{again.json['id']}"
    told = client.get(again.headers["Location"]).json
    assert (told["name"], told["target"], told["id_column"], told["sha256"]) == (
        *("home", "churned", "customer_id"),
        first.json["sha256"],
    )
    same = upload(client, CSV, query="target=churned&id=customer_id")
    assert (same.status_code, same.json) == (200, told)
    assert client.post(f"/v1/datasets/{first.json['id']}/readings", json=wanted).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "pointer", "told"),
    [
        ({"target": "left"}, "/target", "no target column 'left'"),
        ({"target": "months"}, "/target", "it must say who churned"),
        ({"target": "churned", "id": "nobody"}, "/id", "no id column 'nobody'"),
        ({}, "/target", "missing"),
    ],
)
def test_a_reading_that_does_not_fit_is_refused_with_its_place(
    client: FlaskClient, wanted: dict[str, str], pointer: str, told: str
) -> None:
    table = upload(client, CSV, query="unlabelled=true").json["id"]
    answer = client.post(f"/v1/datasets/{table}/readings", json=wanted)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert told in answer.json["errors"][0]["detail"]


def test_a_target_contradicts_unlabelled(client: FlaskClient) -> None:
    assert upload(client, CSV, query="target=churned&unlabelled=true").status_code == 422


@pytest.mark.parametrize("content_type", ["application/json", "text/tab-separated-values", "multipart/form-data"])
def test_other_kinds_of_tables_are_415(client: FlaskClient, content_type: str) -> None:
    answer = upload(client, CSV, content_type)
    assert answer.status_code == 415
    assert "text/csv" in answer.json["detail"]


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_beyond_the_limit_is_413_and_leaves_nothing(
    client: FlaskClient, settings: Settings, chunked: bool
) -> None:
    body = b"a,churned\n" + b"1,yes\n" * 20_000
    assert len(body) > settings.upload_bytes
    environ = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True} if chunked else {}
    data = None if chunked else body
    answer = client.post("/v1/datasets?target=churned", data=data, content_type="text/csv", environ_overrides=environ)
    assert answer.status_code == 413
    assert f"{settings.upload_bytes:,}" in answer.json["detail"]
    assert "EBB_UPLOAD_BYTES" in answer.json["detail"]
    assert kept(settings) == []


def test_an_upload_is_never_completely_in_memory(client: FlaskClient) -> None:
    class Watched(RawIOBase):
        sizes: ClassVar[list[int]] = []
        body = BytesIO(CSV)

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.sizes.append(size)
            return self.body.read(size)

        def readinto(self, buffer: Any) -> int:
            self.sizes.append(len(buffer))
            return self.body.readinto(buffer)

    environ = {"wsgi.input": Watched(), "wsgi.input_terminated": True}
    answer = client.post("/v1/datasets?target=churned", content_type="text/csv", environ_overrides=environ)
    assert answer.status_code == 201
    assert len(Watched.sizes) > 1
    assert all(0 < size <= 2**20 for size in Watched.sizes)


def test_half_a_body_is_400_and_leaves_nothing(client: FlaskClient, settings: Settings) -> None:
    environ = {"wsgi.input": BytesIO(CSV[:500]), "CONTENT_LENGTH": str(len(CSV))}
    answer = client.post("/v1/datasets?target=churned", content_type="text/csv", environ_overrides=environ)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert kept(settings) == []


@pytest.mark.parametrize("line", ['{"a\\ud800": 1, "churned": 1}', '{"a": "\\udc00", "churned": 1}'])
def test_a_lone_surrogate_is_422_and_is_not_stored(client: FlaskClient, settings: Settings, line: str) -> None:
    answer = upload(client, line + '\n{"a": "x", "churned": 0}\n', "application/x-ndjson")
    assert answer.status_code == 422
    assert "line 1" in answer.json["errors"][0]["detail"]
    assert client.get("/v1/datasets").json["datasets"] == []
    assert kept(settings) == []


@pytest.mark.parametrize(
    "character", ["\ufeff", "\u200b", "\u200d", "\u00ad", "\u202e", "\x07", "\U000e0041", "\u3164", "\u2800"]
)
def test_a_dataset_name_with_invisible_characters_is_refused(client: FlaskClient, character: str) -> None:
    answer = upload(client, CSV, query=f"target=churned&name={quote(f'a{character}b')}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/query/name"


def test_a_query_outside_utf_8_is_harmless(client: FlaskClient) -> None:
    for name in ("target", "target=churned&id"):
        assert upload(client, CSV, query=f"{name}=%ED%A0%80").status_code == 422
    for name in ("%ED%A0%80", "%FF", "a%C3"):
        answer = upload(client, CSV, query=f"target=churned&name={name}")
        assert answer.status_code == 422
        assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [("/query/name", "encoding")]
    assert client.get("/v1/datasets").status_code == 200


@pytest.mark.parametrize(
    "data", ['{"a": "x\\u0000y", "churned": 1}\n{"a": "x", "churned": 0}\n', '{"a\\u0000": 1, "churned": 1}\n']
)
def test_a_text_with_a_nul_is_harmless(client: FlaskClient, data: str) -> None:
    answer = upload(client, data, "application/x-ndjson")
    assert answer.status_code in (201, 422)
    assert client.get("/v1/datasets").status_code == 200


def test_a_list_is_given_in_pages_the_newest_first(client: FlaskClient) -> None:
    made = [upload(client, f"m,churned\n{n},yes\n2,no\n").json["id"] for n in range(5)]
    seen, token = [], None
    for _ in range(3):
        page = client.get("/v1/datasets", query_string={"page_size": 2} | ({"page_token": token} if token else {})).json
        seen += [dataset["id"] for dataset in page["datasets"]]
        token = page["next_page_token"]
    assert seen == made[::-1]
    assert token is None


def test_a_missing_dataset_is_404(client: FlaskClient) -> None:
    answer = client.get("/v1/datasets/01890000-0000-7000-8000-000000000000")
    assert answer.status_code == 404
    assert "POST /v1/datasets" in answer.json["detail"]


def test_the_file_of_a_dataset_is_settled_at_once(client: FlaskClient, settings: Settings, dataset: str) -> None:
    kept = ArtifactStore(settings.artifacts)
    assert list(kept.unrecorded()) == []
    again = client.post("/v1/datasets?target=churned&id=customer_id&name=home", data=CSV, content_type="text/csv")
    assert (again.status_code, again.json["id"]) == (200, dataset)
    assert list(kept.unrecorded()) == []
