"""The representation of a job, from its row."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient

from store.clock import now
from store.database import Database
from store.jobs.claim import Claim, claim
from store.jobs.finish import end_cancelled, fail
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.requeue import requeue
from store.tables import jobs
from tests.store.world import epoch

EPOCHS = 30


@pytest.fixture
def job(client: FlaskClient, dataset: str) -> str:
    return str(client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"])


def start(database: Database, job: str) -> Claim:
    claimed = database.write(lambda connection: claim(connection, job, worker="w", lease_seconds=30))
    assert claimed is not None
    return claimed


def beat(database: Database, claimed: Claim, epochs: int = EPOCHS, *, first: int = 1, seconds: float = 0.02) -> None:
    losses = [{"train_loss": 0.6 / n, "valid_loss": 0.7 / n, "valid_auc": None} for n in range(first, epochs + 1)]
    rows = [epoch(n, **loss, gradient_norm=1.5, seconds=seconds) for n, loss in enumerate(losses, first)]
    database.write(
        lambda connection: heartbeat(
            connection, claimed, lease_seconds=30, progress=JobProgress(epochs, 100), new_epochs=rows
        )
    )


def test_a_running_job_has_attempt_progress_and_time_left(client: FlaskClient, database: Database, job: str) -> None:
    claimed = start(database, job)
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] is None
    beat(database, claimed)
    told = client.get(f"/v1/jobs/{job}").json
    assert (told["state"], told["attempt"]) == ("running", 1)
    assert told["progress"] == {"done": 30, "total": 100, "unit": "epochs"}
    assert told["eta_s"] == pytest.approx(70 * 0.02, abs=0.05)
    for name in ("heartbeat_at", "started_at", "created_at"):
        assert told[name].endswith("Z")
        assert datetime.fromisoformat(told[name]).utcoffset() is not None
    assert told["finished_at"] is None


def test_the_time_left_uses_the_current_attempt(client: FlaskClient, database: Database, job: str) -> None:
    slow = start(database, job)
    beat(database, slow, epochs=10, seconds=60.0)
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] == 90 * 60
    database.write(lambda connection: requeue(connection, slow))
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] is None
    quick = start(database, job)
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] is None, "nothing is known of this attempt's pace"
    beat(database, quick, epochs=12, first=11, seconds=1.0)
    told = client.get(f"/v1/jobs/{job}").json
    assert (told["eta_s"], told["attempt"]) == (88.0, 2)
    assert client.get("/v1/jobs").json["jobs"][0]["eta_s"] == 88.0


def test_the_time_left_of_short_epochs_uses_many_epochs(client: FlaskClient, database: Database, job: str) -> None:
    mine = start(database, job)
    beat(database, mine, epochs=30, seconds=0.02)
    beat(database, mine, epochs=40, first=31, seconds=0.04)
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] == 60 * 0.025


def test_the_time_left_of_long_epochs_uses_the_last_ten(client: FlaskClient, database: Database, job: str) -> None:
    mine = start(database, job)
    beat(database, mine, epochs=30, seconds=2.0)
    beat(database, mine, epochs=40, first=31, seconds=1.0)
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] == 60


def test_the_time_left_of_a_scoring_job_uses_the_time_of_its_attempt(
    client: FlaskClient, database: Database, job: str
) -> None:
    claimed = start(database, job)
    beat(database, claimed, epochs=0)
    began = {"progress_unit": "rows", "progress_done": 25, "heartbeat_at": now(50.0)}
    database.write(lambda connection: connection.execute(jobs.update().values(began)))
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] == pytest.approx(150.0, abs=5.0)
    database.write(lambda connection: requeue(connection, claimed))
    start(database, job)
    assert client.get(f"/v1/jobs/{job}").json["eta_s"] is None, "it has only begun"


def test_a_failed_job_has_a_code_and_a_message(client: FlaskClient, database: Database, job: str) -> None:
    claimed = start(database, job)
    database.write(lambda connection: fail(connection, claimed, code="diverged", text="lower the learning rate"))
    told = client.get(f"/v1/jobs/{job}").json
    assert told["state"] == "failed"
    assert told["error"] == {"code": "diverged", "detail": "lower the learning rate"}
    assert told["eta_s"] is None
    assert told["finished_at"] is not None


def test_an_unchanged_job_is_304_and_a_changed_one_is_not(client: FlaskClient, database: Database, job: str) -> None:
    first = client.get(f"/v1/jobs/{job}")
    again = client.get(f"/v1/jobs/{job}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    start(database, job)
    assert client.get(f"/v1/jobs/{job}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_jobs_are_listed_by_state_and_kind_in_pages(client: FlaskClient, database: Database, dataset: str) -> None:
    body = {"model": "churn", "dataset": dataset}
    made = [client.post("/v1/jobs/training", json=body).json["id"] for _ in range(3)]
    start(database, made[1])
    listed = {state: client.get(f"/v1/jobs?state={state}").json["jobs"] for state in ("queued", "running")}
    assert [job["id"] for job in listed["queued"]] == [made[2], made[0]]
    assert [job["id"] for job in listed["running"]] == [made[1]]
    assert client.get("/v1/jobs?kind=scoring").json == {"jobs": [], "next_page_token": None}
    both = client.get("/v1/jobs?state=queued,running&kind=training,scoring").json["jobs"]
    assert [job["id"] for job in both] == made[::-1]
    first = client.get("/v1/jobs?kind=training&page_size=2").json
    rest = client.get("/v1/jobs", query_string={"page_size": 2, "page_token": first["next_page_token"]}).json
    assert [job["id"] for job in first["jobs"] + rest["jobs"]] == made[::-1]
    assert rest["next_page_token"] is None


def test_jobs_are_listed_by_model(client: FlaskClient, dataset: str) -> None:
    for model in ("churn", "churn", "other"):
        client.post("/v1/jobs/training", json={"model": model, "dataset": dataset})
    assert [len(client.get(f"/v1/jobs?model={name}").json["jobs"]) for name in ("churn", "other", "none")] == [2, 1, 0]


@pytest.mark.parametrize("query", ["state=done", "state=queued,", "state=queued,done", "kind=x", "state=", "model=a/b"])
def test_an_impossible_filter_is_refused_by_name(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


def test_an_unchanged_list_is_304_and_a_changed_one_is_not(client: FlaskClient, database: Database, job: str) -> None:
    first = client.get("/v1/jobs")
    again = client.get("/v1/jobs", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    start(database, job)
    assert client.get("/v1/jobs", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_epochs_come_in_pages_over_http(client: FlaskClient, database: Database, job: str) -> None:
    assert client.get(f"/v1/jobs/{job}/epochs").json == {"epochs": [], "next_page_token": None}
    beat(database, start(database, job))
    first = client.get(f"/v1/jobs/{job}/epochs?page_size=20").json
    token = first["next_page_token"]
    rest = client.get(f"/v1/jobs/{job}/epochs", query_string={"page_size": 20, "page_token": token}).json
    assert [epoch["epoch"] for epoch in first["epochs"] + rest["epochs"]] == list(range(1, EPOCHS + 1))
    assert rest["next_page_token"] is None
    assert first["epochs"][0] == {
        "epoch": 1,
        "learning_rate": 0.01,
        "train_loss": 0.6,
        "valid_loss": 0.7,
        "valid_auc": None,
        "gradient_norm": 1.5,
        "seconds": 0.02,
        "dead_units": None,
        "retries": 0,
        "layers": None,
        "stage": 1,
    }
    assert len(client.get(f"/v1/jobs/{job}/epochs?page_size=1000").json["epochs"]) == EPOCHS


def test_a_page_token_with_a_huge_number_is_422(client: FlaskClient, job: str) -> None:
    for token in ("OTk5OTk5OTk5OTk5OTk5OTk5OTk", "LTE", "YWJj"):  # 9…9, -1, abc
        assert client.get(f"/v1/jobs/{job}/epochs?page_token={token}").status_code == 422


def test_a_queued_job_is_cancelled_at_once(client: FlaskClient, job: str) -> None:
    answer = client.post(f"/v1/jobs/{job}/cancel")
    assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
    assert answer.json["error"]["code"] == "cancelled"


def test_a_running_job_is_asked_to_stop(client: FlaskClient, database: Database, job: str) -> None:
    claimed = start(database, job)
    answer = client.post(f"/v1/jobs/{job}/cancel")
    assert (answer.json["state"], answer.json["cancel_requested"]) == ("running", True)
    database.write(lambda connection: end_cancelled(connection, claimed))
    assert client.get(f"/v1/jobs/{job}").json["state"] == "cancelled"


def test_a_finished_job_cannot_be_cancelled(client: FlaskClient, job: str) -> None:
    client.post(f"/v1/jobs/{job}/cancel")
    answer = client.post(f"/v1/jobs/{job}/cancel")
    assert (answer.status_code, answer.json["type"]) == (409, "urn:problem-type:ebb:already-finished")


@pytest.mark.parametrize("path", ["", "/epochs", "/cancel"])
def test_a_missing_job_is_404(client: FlaskClient, path: str) -> None:
    method = "POST" if path == "/cancel" else "GET"
    answer = client.open(f"/v1/jobs/01890000-0000-7000-8000-000000000000{path}", method=method)
    assert answer.status_code == 404
