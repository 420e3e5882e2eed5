"""The pages of models: who sees the buttons, what is refused, and what a page never writes as HTML."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from model.estimator import Estimator
from model.tables.unpacking import WORKBOOK
from store.database import Connection, Database
from store.jobs.claim import claim
from store.jobs.finish import succeed
from store.jobs.submit import Submission, submit
from store.registry.versions import get_version
from tests.model.workbooks import workbook

Key = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("path", ["/models/churn", "/models/churn/versions/1"])
def test_buttons_are_for_those_who_may_promote(guarded: FlaskClient, key: Key, path: str) -> None:
    for scopes, seen in ((("read",), False), (("read", "promote"), True), (("admin",), True)):
        answer = guarded.get(path, headers=key(*scopes))
        assert answer.status_code == 200
        assert ("data-action" in answer.text) == seen, scopes


def evaluated(database: Database, version: int, report: dict[str, Any]) -> str:
    """Return the id of a job that has evaluated a version."""

    def work(connection: Connection) -> str:
        dataset = get_version(connection, "churn", version).dataset_id
        job = submit(connection, Submission("evaluation", "churn", dataset, {"version": version})).job_id
        claimed = claim(connection, job, worker="w", lease_seconds=30)
        assert claimed is not None
        succeed(connection, claimed, {"version": version, "dataset": dataset, "report": report})
        return job

    return database.write(work)


@pytest.mark.usefixtures("versions")
def test_an_evaluation_on_another_table_takes_the_place_of_the_trainings(
    client: FlaskClient, database: Database, estimator: Estimator
) -> None:
    report = {**estimator.metrics["evaluation"], "rows": 4321}
    job = evaluated(database, 1, report)
    listed = client.get("/models/churn/versions/1").text
    assert f'href="/models/churn/versions/1?evaluation={job}"' in listed
    assert "4,321 rows of dataset" in listed
    assert job not in client.get("/models/churn/versions/2").text
    shown = client.get(f"/models/churn/versions/1?evaluation={job}").text
    assert "none of which the version was trained on" in shown
    assert shown.count('class="chart"') == 5
    other = client.get(f"/models/churn/versions/2?evaluation={job}")
    assert other.status_code == 404
    assert f"job {job} has no evaluation of version 2" in unescape(other.text)


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("?versions=1", 422, "two to four versions"),
        ("?versions=1,1", 422, "two to 4 different versions"),
        ("?versions=1,2,3,4,5", 422, "two to 4 different versions"),
        ("?versions=1,9", 404, "model 'churn' has no version 9"),
    ],
)
def test_versions_that_cannot_be_compared_are_told(client: FlaskClient, query: str, status: int, told: str) -> None:
    answer = client.get(f"/models/churn/compare{query}")
    assert answer.status_code == status
    assert told in unescape(answer.text)


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?customer=nobody", "no customer 'nobody' in its column 'customer_id'"),
        ("?member=2", "there is no such member"),
        ("?dataset=nothing", "there is no such dataset"),
    ],
)
def test_a_glass_box_that_cannot_be_opened_says_why(client: FlaskClient, query: str, told: str) -> None:
    answer = client.get(f"/models/churn/versions/1/glass-box{query}")
    assert 400 <= answer.status_code < 500
    assert told in unescape(answer.text)


def test_a_customer_of_another_dataset_is_shown(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    add_version(by=estimator)
    table = b"customer_id,months,monthly_charge,support_tickets,usage_hours\n<b>7</b>,3,80,4,10\n"
    job = client.post("/v1/jobs/scoring?model=churn&version=1", data=table, content_type="text/csv").json
    answer = client.get(f"/models/churn/versions/1/glass-box?dataset={job['dataset']}")
    assert answer.status_code == 200
    assert "<b>7</b>" not in answer.text
    assert "Glass box: customer <b>7</b>" in unescape(answer.text)
    assert "assumed outcome" in answer.text


@pytest.mark.usefixtures("versions")
def test_the_glass_box_shows_a_customer_of_a_workbook_as_one_of_csv(client: FlaskClient) -> None:
    rows = [("customer_id", "months", "usage_hours"), ("007", 3, 9.5), ("b", 40, 60)]
    text = "".join(",".join(map(str, row)) + "\n" for row in rows).encode()
    pages = []
    for body, kind in ((text, "text/csv"), (workbook({"x": rows}), WORKBOOK)):
        sent = client.post("/v1/datasets?unlabelled=true&id=customer_id", data=body, content_type=kind).json["id"]
        answer = client.get(f"/models/churn/versions/1/glass-box?dataset={sent}&customer=007")
        assert answer.status_code == 200, answer.text
        pages.append(answer.text.replace(sent, ""))
    assert pages[0] == pages[1]
