"""Every command that looks at a service or steers it, once, against a running one."""

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ebb.client import Client
from ebb.customers import customers
from tests.e2e.running import EBB, Running, ebb_up, environment, wait_for

Ebb = Callable[..., subprocess.CompletedProcess[str]]

SHORT = {"epochs": 4, "optimizer": {"name": "adam", "learning_rate": 0.01}}
DIVERGING = {"optimizer": {"name": "sgd", "learning_rate": 1e6}, "schedule": {"name": "constant"}, "epochs": 50}
LONG = {"epochs": 100_000, "early_stopping": None}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ebb_up(tmp_path_factory.mktemp("command-line")) as service:
        yield service


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[Client]:
    with service.client() as client:
        yield client


@pytest.fixture(scope="module")
def ebb(service: Running) -> Ebb:
    """Run a command of `ebb` in the service's home folder, as its owner would: told nothing but the folder."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [EBB, *map(str, arguments)]
        environ = {**environment(service.home), "COLUMNS": "250"}
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture(scope="module")
def dataset(client: Client) -> str:
    table = customers(300, 1).to_csv().encode()
    return client.upload_dataset(table, name="customers", target="churned", id_column="customer_id").id


@pytest.fixture(scope="module")
def trained(client: Client, dataset: str) -> str:
    """A job that succeeded, twice over, so that there are two versions."""
    jobs = [client.submit_training("churn", dataset, SHORT, promote="always") for _ in range(2)]
    for job in jobs:
        wait_for(lambda job=job: client.job(job.id).finished, "the training")
        assert client.job(job.id).state == "succeeded"
    return jobs[0].id


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """Read the JSON that a command printed."""
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_jobs_are_listed_for_people_and_for_programs(ebb: Ebb, trained: str) -> None:
    done = ebb("jobs", "list", "--state", "succeeded", "--kind", "training")
    assert done.returncode == 0, done.stderr
    assert trained in done.stdout
    assert "4/4 epochs" in done.stdout
    listed = told(ebb("jobs", "list", "--state", "succeeded", "--json", "--most", 1))
    assert [job["state"] for job in listed] == ["succeeded"]


def test_a_job_is_shown(ebb: Ebb, trained: str) -> None:
    shown = told(ebb("jobs", "show", trained))
    assert (shown["id"], shown["result"]["model"]) == (trained, "churn")


def test_a_training_is_watched_to_its_success(ebb: Ebb, trained: str) -> None:
    done = ebb("jobs", "watch", trained)
    assert told(done)["state"] == "succeeded"
    assert "epoch   4: learning rate" in done.stderr


def test_watching_a_training_that_fails_ends_with_code_1(ebb: Ebb, client: Client, dataset: str) -> None:
    spec = {**DIVERGING, "clip_norm": None, "retry_diverged": False}
    done = ebb("jobs", "watch", client.submit_training("churn", dataset, spec).id)
    job = told(done, code=1)
    assert (job["state"], job["error"]["code"]) == ("failed", "diverged")


def test_a_job_is_cancelled_watched_to_its_end_and_retried(ebb: Ebb, client: Client, dataset: str) -> None:
    job = client.submit_training("churn", dataset, LONG).id
    assert told(ebb("jobs", "cancel", job))["id"] == job
    assert told(ebb("jobs", "watch", job), code=1)["state"] == "cancelled"
    retried = told(ebb("jobs", "retry", job))
    assert (retried["retry_of"], retried["state"]) == (job, "queued")
    told(ebb("jobs", "cancel", retried["id"]))
    told(ebb("jobs", "watch", retried["id"]), code=1)
    again = ebb("jobs", "cancel", job)
    assert again.returncode == 1
    assert "is cancelled already" in again.stderr


def test_a_job_that_is_not_there_is_told_in_a_sentence(ebb: Ebb) -> None:
    done = ebb("jobs", "show", "01890000-0000-7000-8000-000000000000")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no job" in done.stderr
    assert "Traceback" not in done.stderr


def test_versions_are_listed_one_is_promoted_and_the_moves_are_told(ebb: Ebb, trained: str) -> None:
    assert trained in ebb("models", "list").stdout
    versions = told(ebb("models", "list", "churn", "--json"))
    assert {"version", "metrics", "job_id"} <= versions[0].keys()
    done = ebb("models", "promote", 1, "--alias", "challenger")
    assert "challenger of churn is version 1 (revision 1)" in done.stdout
    assert ebb("models", "promote", 2, "--alias", "challenger").returncode == 0
    moves = told(ebb("models", "history", "--alias", "challenger", "--json"))
    assert [(move["from_version"], move["to_version"]) for move in moves] == [(1, 2), (None, 1)]
    assert "local" in ebb("models", "history", "--alias", "challenger").stdout


def test_promoting_a_version_that_is_not_there_is_refused(ebb: Ebb, trained: str) -> None:
    done = ebb("models", "promote", 99)
    assert done.returncode == 1
    assert "no version 99" in done.stderr


def test_keys_are_made_listed_and_revoked(ebb: Ebb, service: Running) -> None:
    made = told(
        ebb("keys", "create", "--name", "nightly", "--scope", "score", "--scope", "read", "--days", 7, "--json")
    )
    assert made["key"].startswith(f"ebb_{made['id']}_")
    [listed] = [key for key in told(ebb("keys", "list", "--json")) if key["id"] == made["id"]]
    assert (listed["name"], sorted(listed["scopes"]), listed["revoked_at"]) == ("nightly", ["read", "score"], None)
    assert "nightly" in ebb("keys", "list").stdout
    assert made["key"] not in ebb("keys", "list").stdout
    assert ebb("jobs", "list", "--key", made["key"]).returncode == 0
    assert ebb("keys", "revoke", made["id"]).returncode == 0
    refused = ebb("jobs", "list", "--url", service.url, "--key", made["key"])
    assert (refused.returncode, "401" in refused.stderr) == (1, True)


def test_a_file_is_scored_by_the_champion_and_by_a_version(ebb: Ebb, trained: str, tmp_path: Path) -> None:
    customers(50, 9).write_csv(tmp_path / "new.csv")
    done = ebb("score", tmp_path / "new.csv", "--out", tmp_path / "scores.csv")
    assert "version 2 of churn scored 50 of 50 customers" in done.stdout, done.stderr
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    assert len(rows) == 50
    assert all(0 < float(row["churn_probability"]) < 1 for row in rows)
    done = ebb("score", tmp_path / "new.csv", "--out", tmp_path / "first.csv", "--version", 1)
    assert "version 1 of churn" in done.stdout
    missing = ebb("score", tmp_path / "new.csv", "--out", tmp_path / "none.csv", "--alias", "nobody")
    assert missing.returncode == 1
    assert "nobody" in missing.stderr
    assert not (tmp_path / "none.csv").exists()


def test_migrating_twice_is_harmless_and_the_first_key_is_written_once(tmp_path: Path) -> None:
    def migrate() -> subprocess.CompletedProcess[str]:
        command = [EBB, "migrate", "--first-key", tmp_path / "key"]
        return subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)

    done = migrate()
    assert done.returncode == 0, done.stderr
    key = (tmp_path / "key").read_text()
    assert key.startswith("ebb_")
    assert migrate().returncode == 0
    assert (tmp_path / "key").read_text() == key


def test_no_service_is_told_in_a_sentence(tmp_path: Path) -> None:
    command = [EBB, "jobs", "list", "--url", "http://127.0.0.1:1"]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
