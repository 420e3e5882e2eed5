"""Call lists of whole tables: what is refused, and the downloads of a finished one."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.call_lists.list_files import csv_text, xlsx_bytes
from app.call_lists.listed_customers import ListedCustomer
from model.call_list import CallList, CallListOptions
from model.estimator import Estimator
from store.artifacts import ArtifactStore
from store.database import Database
from store.jobs.claim import claim
from store.jobs.finish import succeed
from store.results import add_result
from store.settings import Settings
from tests.app.conftest import CSV

SCORING = "/v1/jobs/scoring"
ASKED = {"customer_value": 200, "offer_cost": 10, "contact_cost": 1, "acceptance": 0.3, "capacity": 20}


def submit(client: FlaskClient, dataset: str, call_list: dict[str, object], **more: object) -> Any:
    body = {"model": "churn", "dataset": dataset, "output": "ndjson", "explain": 2, "call_list": call_list, **more}
    return client.post(SCORING, json=body)


def test_a_call_list_is_part_of_the_job_with_its_defaults(client: FlaskClient, dataset: str, champion: int) -> None:
    answer = submit(client, dataset, {"value_column": "monthly_charge"})
    assert answer.status_code == 202, answer.text
    assert answer.json["params"]["call_list"] == {
        "customer_value": None,
        "value_column": "monthly_charge",
        "value_times": 1.0,
        "offer_cost": 0.0,
        "contact_cost": 0.0,
        "acceptance": 1.0,
        "budget": None,
        "capacity": 10_000,
        "with_churned": False,
    }


@pytest.mark.parametrize(
    ("call_list", "more", "pointer", "told"),
    [
        ({}, {}, "/call_list", "either customer_value or value_column"),
        (ASKED | {"value_column": "months"}, {}, "/call_list", "either customer_value or value_column"),
        (
            {"value_column": "customer_id"},
            {},
            "/call_list/value_column",
            "these columns do: 'months', 'monthly_charge'",
        ),
        (ASKED, {"output": "csv"}, "/output", "/v1/jobs/{job_id}/call-list"),
        (ASKED, {"direction": "lowering"}, "/direction", "raise the risk"),
        (ASKED | {"capacity": 10_001}, {}, "/call_list/capacity", "10000"),
        (ASKED | {"acceptance": 3}, {}, "/call_list/acceptance", "1"),
    ],
)
def test_a_list_that_cannot_be_made_is_refused(  # noqa: PLR0917 - one a case
    client: FlaskClient,
    dataset: str,
    champion: int,
    call_list: dict[str, object],
    more: dict[str, object],
    pointer: str,
    told: str,
) -> None:
    answer = submit(client, dataset, call_list, **more)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert told in answer.json["errors"][0]["detail"]


@pytest.fixture
def listed(  # noqa: PLR0917 - fixtures
    client: FlaskClient, database: Database, settings: Settings, dataset: str, champion: int, estimator: Estimator
) -> tuple[str, list[dict[str, Any]]]:
    """The id of a finished call list, and its lines."""
    job = submit(client, dataset, ASKED).json
    calls = CallList(estimator, io.BytesIO(CSV), "csv", CallListOptions.from_json(job["params"]["call_list"], 2, None))
    for _ in (*calls.rank(), *calls.explain()):
        pass
    lines = list(calls.lines())
    artifact = ArtifactStore(settings.artifacts).put(lines)

    def end(connection: Any) -> None:
        mine = claim(connection, job["id"], worker="w", lease_seconds=30)
        assert mine is not None
        succeed(connection, mine, {"sha256": artifact.sha256, "call_list": calls.summary().to_json()})
        add_result(connection, job["id"], artifact)

    database.write(end)
    return job["id"], [json.loads(line) for line in lines]


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_list_downloads_as_csv_in_its_order(client: FlaskClient, listed: tuple[str, list[Any]]) -> None:
    job_id, lines = listed
    answer = client.get(f"/v1/jobs/{job_id}/call-list")
    rows = rows_of(answer)
    assert [row["customer_id"] for row in rows] == [line["customer_id"] for line in lines]
    assert len(rows) == 20
    first, line = rows[0], lines[0]
    assert float(first["expected profit"]) == line["expected_profit"]
    assert [first["reason 1"], first["reason 2"]] == [reason["text"] for reason in line["reasons"]]
    assert first["monthly_charge"] == str(line["customer"]["monthly_charge"])
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="call-list-churn-')


def test_a_download_keeps_only_the_customers_of_the_filters(client: FlaskClient, listed: tuple[str, list[Any]]) -> None:
    job_id, lines = listed
    wanted = lines[3]["customer_id"]
    assert [row["customer_id"] for row in rows_of(client.get(f"/v1/jobs/{job_id}/call-list?search={wanted}"))] == [
        wanted
    ]
    column = lines[0]["reasons"][0]["column"]
    having = [line["customer_id"] for line in lines if column in {reason["column"] for reason in line["reasons"]}]
    kept = rows_of(client.get(f"/v1/jobs/{job_id}/call-list?reason={column}"))
    assert [row["customer_id"] for row in kept] == having


def test_the_workbook_has_the_same_cells_and_no_formula(client: FlaskClient, listed: tuple[str, list[Any]]) -> None:
    job_id, lines = listed
    answer = client.get(f"/v1/jobs/{job_id}/call-list?format=xlsx")
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 1 + len(lines)
    assert all(f">{line['customer_id']}<" in sheet for line in lines)
    assert "<f>" not in sheet


def test_there_is_no_list_before_the_job_has_ended_and_of_other_jobs(
    client: FlaskClient, dataset: str, champion: int
) -> None:
    waiting = submit(client, dataset, ASKED).json["id"]
    plain = client.post(SCORING, json={"model": "churn", "dataset": dataset}).json["id"]
    assert client.get(f"/v1/jobs/{waiting}/call-list").status_code == 409
    assert client.get(f"/v1/jobs/{plain}/call-list").status_code == 404


def test_text_that_a_spreadsheet_would_run_stays_text() -> None:
    one = ListedCustomer(0.5, 10.0, 2.0, [], {"note": "=1+1"}, "c-1")
    assert "'=1+1" in csv_text([one], ["note"], "id", 1)
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes([one], ["note"], "id", 1))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert ">=1+1<" in sheet
    assert "<f>" not in sheet
