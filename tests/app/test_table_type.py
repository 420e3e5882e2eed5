"""A table that is sent as bytes of no named type is recognised by its first bytes."""

import json
from io import BytesIO
from typing import Any

import pyarrow.csv
import pyarrow.parquet
import pytest
from flask.testing import FlaskClient

from ebb.customers import customers

CSV = customers(60, seed=1).to_csv().encode()
TABLE = pyarrow.csv.read_csv(BytesIO(CSV))


def parquet() -> bytes:
    out = BytesIO()
    pyarrow.parquet.write_table(TABLE, out)
    return out.getvalue()


def ndjson() -> bytes:
    return b"\n " + "\n".join(json.dumps(row) for row in TABLE.to_pylist()).encode()


TABLES = {"text/csv": CSV, "application/x-ndjson": ndjson(), "application/vnd.apache.parquet": parquet()}


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def upload(client: FlaskClient, table: bytes, media_type: str) -> Any:
    where = "/v1/datasets?target=churned&id=customer_id"
    return client.post(where, data=table, content_type=media_type)


@pytest.mark.parametrize("media_type", TABLES)
def test_the_dataset_is_that_of_the_named_type(client: FlaskClient, media_type: str) -> None:
    recognised = upload(client, TABLES[media_type], "application/octet-stream")
    named = upload(client, TABLES[media_type], media_type)
    assert (recognised.status_code, recognised.json["media_type"], recognised.json["rows"]) == (201, media_type, 60)
    assert (named.status_code, named.json["id"]) == (200, recognised.json["id"])


def test_bytes_that_are_no_table_are_refused(client: FlaskClient) -> None:
    assert upload(client, b"\x00\x01\x02\xff" * 50, "application/octet-stream").status_code == 422


@pytest.mark.usefixtures("champion")
def test_a_scoring_job_takes_them_too(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs/scoring?model=churn", data=parquet(), content_type="application/octet-stream")
    assert answer.status_code == 202
    dataset = client.get(f"/v1/datasets/{answer.json['dataset']}").json
    assert dataset["media_type"] == "application/vnd.apache.parquet"
