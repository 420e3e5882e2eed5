"""An evaluation is checked against the version and the dataset, and submitted as a job."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from store.database import Database
from store.tables import datasets, versions

URL = "/v1/models/churn/versions/1/evaluate"
NOWHERE = "01890000-0000-7000-8000-000000000000"


def upload(client: FlaskClient, table: bytes, target: str) -> str:
    answer = client.post(f"/v1/datasets?target={target}", data=BytesIO(table), content_type="text/csv")
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_an_evaluation_is_a_queued_job_with_the_economics(client: FlaskClient, dataset: str, champion: int) -> None:
    headers = {"Idempotency-Key": "e"}
    answer = client.post(URL, json={"dataset": dataset, "contact_cost": 3}, headers=headers)
    job = answer.json
    assert answer.status_code == 202, answer.text
    assert (job["kind"], job["state"], job["model"], job["dataset"]) == ("evaluation", "queued", "churn", dataset)
    assert job["params"] == {
        "version": champion,
        "economics": {"customer_value": 200.0, "offer_cost": 10.0, "contact_cost": 3.0, "acceptance": 0.3},
    }
    assert job["progress"]["unit"] == "rows"
    again = client.post(URL, json={"dataset": dataset, "contact_cost": 3}, headers=headers)
    assert again.json["id"] == job["id"]
    assert client.get("/v1/jobs?kind=evaluation").json["jobs"][0]["id"] == job["id"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ((b"months,gone\n1,0\n2,1\n", "gone"), "no column 'churned', which says who churned"),
        ((b"shoe_size,churned\n1,0\n2,1\n", "churned"), "none of the columns that the version was trained on"),
    ],
)
def test_a_dataset_without_the_outcome_or_any_column_is_refused(
    client: FlaskClient, database: Database, champion: int, table: tuple[bytes, str], said: str
) -> None:
    columns = [{"name": "months"}, {"name": "usage_hours"}]
    database.write(lambda connection: connection.execute(versions.update().values(columns=columns)))
    answer = client.post(URL, json={"dataset": upload(client, *table)})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/dataset"]
    assert said in answer.json["errors"][0]["detail"]


def test_a_dataset_too_large_for_the_memory_of_a_job_is_refused(
    client: FlaskClient, database: Database, dataset: str, champion: int
) -> None:
    database.write(lambda connection: connection.execute(datasets.update().values(rows=2**31 - 1)))
    (error,) = client.post(URL, json={"dataset": dataset}).json["errors"]
    assert (error["pointer"], error["code"]) == ("/dataset", "too_large")
    assert "evaluate on a random part of the rows" in error["detail"]


def test_unknown_things_are_refused(client: FlaskClient, dataset: str, champion: int) -> None:
    assert client.post(URL.replace("1", "9", 2), json={"dataset": dataset}).status_code == 404
    assert client.post(URL, json={"dataset": NOWHERE}).json["errors"][0]["code"] == "not_found"
    assert client.post(URL, json={"dataset": dataset, "acceptance": 2}).json["errors"][0]["pointer"] == "/acceptance"
