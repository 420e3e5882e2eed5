"""The diff of two versions over HTTP: customers who cross the threshold, and the columns that cause it."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import Services
from ebb.customers import customers
from tests.app.conftest import CSV

DIFF = "/v1/models/churn/versions/2/diff"


@pytest.mark.usefixtures("versions")
def test_a_diff_agrees_with_the_scores_of_both_versions(client: FlaskClient) -> None:
    diff = client.get(f"{DIFF}?against=1&threshold=0.25&most=1000&explain=4").json
    rows = [line.split(",") for line in CSV.decode().splitlines()[1:]]
    names = ("customer_id", "months", "monthly_charge", "support_tickets", "usage_hours")
    records = [dict(zip(names, (row[0], *map(float, row[1:5])), strict=True)) for row in rows]
    told = [
        {
            score["customer_id"]: score["churn_probability"]
            for score in client.post(f"/v1/models/churn/score?version={version}", json={"records": records}).json[
                "scores"
            ]
        }
        for version in (1, 2)
    ]
    changed = {who for who in told[0] if (told[0][who] >= 0.25) != (told[1][who] >= 0.25)}
    assert {customer["customer_id"] for customer in diff["customers"]} == changed != set()
    assert diff["to_leaving"] + diff["to_staying"] == len(changed)
    for customer in diff["customers"]:
        who = customer["customer_id"]
        assert (customer["churn_probability_before"], customer["churn_probability"]) == (told[0][who], told[1][who])
        reasons = sum(reason["change"] for reason in customer["reasons"]) + diff["baseline_log_odds_change"]
        assert reasons == pytest.approx(customer["log_odds_change"], abs=1e-12)
    assert (diff["rows"], diff["errors"], diff["version"], diff["against"]) == (300, 0, 2, 1)


@pytest.mark.usefixtures("versions")
def test_a_diff_accepts_another_dataset_and_a_limit(client: FlaskClient) -> None:
    some = CSV[: CSV.index(b"\n", 4000) + 1]
    upload = client.post("/v1/datasets?target=churned&id=customer_id&name=some", data=some, content_type="text/csv")
    dataset = upload.json["id"]
    diff = client.get(f"{DIFF}?against=1&dataset={dataset}&most=1&explain=1&threshold=0.25").json
    assert (diff["dataset"], diff["rows"]) == (dataset, some.count(b"\n") - 1)
    assert len(diff["customers"]) == 1
    assert len(diff["customers"][0]["reasons"]) == 1


@pytest.mark.usefixtures("versions")
def test_ids_are_of_the_type_they_came_in(client: FlaskClient) -> None:
    lines = [line.split(",") for line in CSV.decode().splitlines()]
    names, rows = lines[0], lines[1:]
    records = [dict(zip(names, [1000 + i, *map(float, row[1:5]), row[5]], strict=True)) for i, row in enumerate(rows)]
    body = "\n".join(map(json.dumps, records))
    upload = client.post(
        "/v1/datasets?target=churned&id=customer_id&name=n", data=body, content_type="application/x-ndjson"
    )
    asked = f"{DIFF}?against=1&threshold=0.25&most=1000"
    numbers = client.get(f"{asked}&dataset={upload.json['id']}").json["customers"]
    texts = client.get(asked).json["customers"]
    place = {row[0]: i for i, row in enumerate(rows)}
    assert [one["customer_id"] for one in numbers] == [1000 + place[one["customer_id"]] for one in texts] != []


@pytest.mark.usefixtures("versions")
def test_a_process_computes_one_diff_at_a_time(client: FlaskClient, app: Flask) -> None:
    services: Services = app.extensions["ebb"]
    with services.comparing.held():
        refused = client.get(f"{DIFF}?against=1")
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert refused.json["type"] == "urn:problem-type:ebb:busy"
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get(f"{DIFF}?against=1").status_code == 200
    assert client.get(f"{DIFF}?against=1").status_code == 200, "the place is free again"


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("path", "status", "pointer"),
    [
        (DIFF, 422, "/query/against"),
        (f"{DIFF}?against=0", 422, "/query/against"),
        (f"{DIFF}?against=1&threshold=1", 422, "/query/threshold"),
        (f"{DIFF}?against=1&dataset=01a20a53-aae9-7758-937f-2b0a0d8333a7", 422, "/query/dataset"),
        (f"{DIFF}?against=3", 404, None),
        ("/v1/models/churn/versions/9/diff?against=1", 404, None),
    ],
)
def test_a_diff_of_a_missing_version_or_dataset_is_refused(
    client: FlaskClient, path: str, status: int, pointer: str | None
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert [error["pointer"] for error in answer.json["errors"]] == ([pointer] if pointer else [])


@pytest.mark.usefixtures("versions")
def test_a_diff_counts_the_customers_whom_neither_version_has_seen_apart(client: FlaskClient) -> None:
    """Both versions were trained on the first 300 customers."""
    more = customers(700, seed=1).to_csv().encode()
    upload = client.post("/v1/datasets?target=churned&id=customer_id&name=more", data=more, content_type="text/csv")
    diff = client.get(f"{DIFF}?against=1&threshold=0.25&dataset={upload.json['id']}").json
    own = client.get(f"{DIFF}?against=1&threshold=0.25").json
    unseen, quality = diff["unseen"], diff["quality"]
    assert (unseen["rows"], quality["rows"]) == (400, 400)
    assert (quality["labelled_rows"], quality["seen_by_version"], quality["seen_by_against"]) == (700, 300, 300)
    assert diff["to_leaving"] == own["to_leaving"] + unseen["to_leaving"]
    assert diff["to_staying"] == own["to_staying"] + unseen["to_staying"]
    assert quality["difference"] == pytest.approx(quality["against"] - quality["version"])
    assert (quality["verdict"] == "better") == (quality["interval"][0] > 0.0)


@pytest.mark.usefixtures("versions")
def test_a_diff_of_customers_who_were_trained_on_cannot_tell_which_version_is_better(client: FlaskClient) -> None:
    diff = client.get(f"{DIFF}?against=1").json
    assert diff["unseen"] == {"rows": 0, "to_leaving": 0, "to_staying": 0, "mean_probability_change": 0.0}
    quality = diff["quality"]
    assert (quality["verdict"], quality["difference"], quality["seen_by_version"]) == ("cannot_tell", None, 300)
    assert "version 1 has seen 300 and version 2 300; 0 are left" in quality["reason"]


@pytest.mark.usefixtures("versions")
def test_a_diff_of_customers_without_outcome_or_id_says_why_it_cannot_tell(client: FlaskClient) -> None:
    lines = [line.split(b",") for line in CSV.splitlines()]
    unlabelled = b"\n".join(b",".join(line[:-1]) for line in lines)
    scoring = client.post("/v1/jobs/scoring?model=churn&version=1", data=unlabelled, content_type="text/csv")
    diff = client.get(f"{DIFF}?against=1&dataset={scoring.json['dataset']}").json
    assert (diff["unseen"]["rows"], diff["quality"]["reason"]) == (0, "cannot tell: the dataset has no target")
    nameless = b"\n".join(b",".join(line[1:]) for line in lines)
    upload = client.post("/v1/datasets?target=churned&name=n", data=nameless, content_type="text/csv")
    diff = client.get(f"{DIFF}?against=1&dataset={upload.json['id']}").json
    assert diff["unseen"] is None
    assert "the table lacks 'customer_id'" in diff["quality"]["reason"]
