"""Every command of a service, once, on a running service."""

import csv
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import onnxruntime
import pytest

from ebb.client import Client
from ebb.customers import customers
from tests.e2e.running import EBB, Ebb, Running, ebb_up, environment, wait_for

SHORT = {"epochs": 4, "optimizer": {"name": "adam", "learning_rate": 0.01}}
DIVERGING = {"optimizer": {"name": "sgd", "learning_rate": 1e6}, "schedule": {"name": "constant"}, "epochs": 50}
LONG = {"epochs": 100_000, "early_stopping": None}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ebb_up(tmp_path_factory.mktemp("command-line")) as service:
        yield service


@pytest.fixture(scope="module")
def dataset(client: Client) -> str:
    table = customers(300, 1).to_csv().encode()
    return client.upload_dataset(table, name="customers", target="churned", id_column="customer_id").id


@pytest.fixture(scope="module")
def trained(client: Client, dataset: str) -> str:
    """A job that succeeded twice, with two versions."""
    jobs = [client.submit_training("churn", dataset, SHORT, promote="always") for _ in range(2)]
    for job in jobs:
        wait_for(lambda job=job: client.job(job.id).finished, "the training")
        assert client.job(job.id).state == "succeeded"
    return jobs[0].id


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """Parse the JSON output of a command."""
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_jobs_are_listed_for_people_and_for_programs(ebb: Ebb, trained: str) -> None:
    done = ebb("jobs", "list", "--state", "succeeded", "--state", "failed", "--kind", "training", "--model", "churn")
    assert done.returncode == 0, done.stderr
    assert trained in done.stdout
    assert "4/4 epochs" in done.stdout
    listed = told(ebb("jobs", "list", "--state", "succeeded", "--json", "--most", 1))
    assert [job["state"] for job in listed] == ["succeeded"]


def test_a_job_is_shown(ebb: Ebb, trained: str) -> None:
    shown = told(ebb("jobs", "show", trained, "--json"))
    assert (shown["id"], shown["result"]["model"]) == (trained, "churn")
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [1, 2, 3, 4]
    assert {"name", "gradient_norm", "update_ratio"} == shown["epochs"][0]["layers"][0].keys()
    summary = ebb("jobs", "show", trained).stdout
    assert f"job        {trained}, training for churn" in summary
    assert "succeeded, attempt 1" in summary


def test_a_training_is_watched_to_its_success(ebb: Ebb, trained: str) -> None:
    done = ebb("jobs", "watch", trained, "--json")
    watched = told(done)
    assert (watched["state"], len(watched["epochs"])) == ("succeeded", 4)
    assert "epoch   4: learning rate" in done.stderr


def test_a_running_training_is_watched_by_its_event_stream(
    ebb: Ebb, client: Client, service: Running, dataset: str
) -> None:
    job = client.submit_training("churn", dataset, LONG).id
    command = [EBB, "jobs", "watch", job, "--json"]
    with subprocess.Popen(
        command, env=environment(service.home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stderr is not None
        lines = [watching.stderr.readline() for _ in range(3)]
        assert [line.split(":")[0] for line in lines] == ["epoch   1", "epoch  10", "epoch  20"]
        streams = httpx.get(f"{service.url}/metrics", trust_env=False).text
        assert "\nebb_event_streams 1.0\n" in streams
        assert ebb("jobs", "cancel", job).returncode == 0
        out, _ = watching.communicate(timeout=120)
    assert watching.returncode == 3
    watched = json.loads(out)
    assert watched["state"] == "cancelled"
    assert [epoch["epoch"] for epoch in watched["epochs"]] == list(range(1, watched["progress"]["done"] + 1))


def test_watching_a_training_that_fails_ends_with_code_1(ebb: Ebb, client: Client, dataset: str) -> None:
    spec = {**DIVERGING, "clip_norm": None, "retry_diverged": False}
    done = ebb("jobs", "watch", client.submit_training("churn", dataset, spec).id, "--json")
    job = told(done, code=1)
    assert (job["state"], job["error"]["code"]) == ("failed", "diverged")


def test_a_job_is_cancelled_watched_to_its_end_and_retried(ebb: Ebb, client: Client, dataset: str) -> None:
    job = client.submit_training("churn", dataset, LONG).id
    assert told(ebb("jobs", "cancel", job, "--json"))["id"] == job
    assert told(ebb("jobs", "watch", job, "--json"), code=3)["state"] == "cancelled"
    retried = told(ebb("jobs", "retry", job, "--json"))
    assert (retried["retry_of"], retried["state"]) == (job, "queued")
    assert retried["id"] in ebb("jobs", "cancel", retried["id"]).stdout
    assert ebb("jobs", "watch", retried["id"]).returncode == 3
    again = ebb("jobs", "cancel", job)
    assert again.returncode == 1
    assert "is cancelled already" in again.stderr


def test_a_missing_job_is_a_clear_error(ebb: Ebb) -> None:
    done = ebb("jobs", "show", "01890000-0000-7000-8000-000000000000")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no job" in done.stderr
    assert "Traceback" not in done.stderr


def test_versions_are_listed_promoted_and_their_moves_shown(ebb: Ebb, trained: str) -> None:
    assert trained in ebb("versions", "list", "churn").stdout
    versions = told(ebb("versions", "list", "churn", "--json"))
    assert {"version", "metrics", "job_id"} <= versions[0].keys()
    done = ebb("models", "promote", "churn", 1, "--alias", "challenger")
    assert "challenger of churn is version 1 (revision 1)" in done.stdout
    assert ebb("models", "promote", "churn", 2, "--alias", "challenger").returncode == 0
    moves = told(ebb("models", "history", "churn", "--alias", "challenger", "--json"))
    assert [(move["from_version"], move["to_version"]) for move in moves] == [(1, 2), (None, 1)]
    assert "local" in ebb("models", "history", "churn", "--alias", "challenger").stdout


def test_a_version_is_evaluated_on_fresh_customers_and_beside_others(ebb: Ebb, client: Client, trained: str) -> None:
    table = customers(600, 9, known=()).to_csv().replace("\nc-", "\nd-").encode()
    fresh = client.upload_dataset(table, name="fresh", target="churned", id_column="customer_id").id
    shown = ebb("versions", "evaluate", "churn", 1, fresh, "--contact-cost", 2)
    assert shown.returncode == 0, shown.stderr
    assert all(words in shown.stdout for words in ("average_precision", "logistic regression", "lift", "earns most"))
    result = told(ebb("versions", "evaluate", "churn", 1, fresh, "--json"))
    assert (result["rows"], result["seen"], result["report"]["rows"]) == (600, 0, 600)
    listed = ebb("versions", "list", "churn", "--dataset", fresh).stdout
    assert f"{result['report']['metrics']['log_loss']['value']:.4f} (" in listed
    assert "champion" in listed


def test_promoting_a_version_that_is_not_there_is_refused(ebb: Ebb, trained: str) -> None:
    done = ebb("models", "promote", "churn", 99)
    assert done.returncode == 1
    assert "no version 99" in done.stderr


def test_retention_lists_expired_files_and_then_removes_them(ebb: Ebb, client: Client, service: Running) -> None:
    table = customers(300, 7).to_csv().encode()
    unused = client.upload_dataset(table, name="unused", target="churned", id_column="customer_id").id
    assert told(ebb("retention", "--dry-run", "--json")) == []  # kept for ever by default
    old = ("--dataset-days", "0.0000001", "--json")
    listed = {dataset: row for row in told(ebb("retention", "--dry-run", *old)) for dataset in row["datasets"]}
    assert (listed[unused]["bytes"], listed[unused]["results"]) == (len(table), [])
    assert "no version or unfinished job needs it" in listed[unused]["why"]
    address = f"{service.url}/v1/datasets/{unused}"
    assert httpx.get(address, trust_env=False).status_code == 200
    done = ebb("retention", *old)
    assert unused in {dataset for row in told(done) for dataset in row["datasets"]}
    assert "were removed" in done.stderr
    assert httpx.get(address, trust_env=False).status_code == 410


def test_keys_are_made_listed_and_revoked(ebb: Ebb, service: Running) -> None:
    made = told(
        ebb("keys", "create", "--name", "nightly", "--scope", "score", "--scope", "read", "--days", 7, "--json")
    )
    limited = told(ebb("keys", "create", "--name", "small", "--scope", "train", "--stored-bytes", 1000, "--json"))
    assert made["key"].startswith(f"ebb_{made['id']}_")
    [listed] = [key for key in told(ebb("keys", "list", "--json")) if key["id"] == made["id"]]
    assert (listed["name"], sorted(listed["scopes"]), listed["revoked_at"]) == ("nightly", ["read", "score"], None)
    [small] = [key for key in told(ebb("keys", "list", "--json")) if key["id"] == limited["id"]]
    assert (small["stored_bytes"], listed["stored_bytes"]) == (1000, None)
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
    misspelt = (tmp_path / "new.csv").read_text().replace("months", "monts", 1)
    (tmp_path / "misspelt.csv").write_text(misspelt)
    for way in ((), ("--via-job",)):
        done = ebb("score", tmp_path / "misspelt.csv", "--out", tmp_path / "misspelt.out.csv", *way)
        assert done.returncode == 0, done.stderr
        assert "'monts' was ignored" in done.stderr
        assert "'months' has no values" in done.stderr
    missing = ebb("score", tmp_path / "new.csv", "--out", tmp_path / "none.csv", "--alias", "nobody")
    assert missing.returncode == 1
    assert "nobody" in missing.stderr
    assert not (tmp_path / "none.csv").exists()


def test_migrating_twice_writes_the_first_key_once(tmp_path: Path) -> None:
    def migrate() -> subprocess.CompletedProcess[str]:
        command = [EBB, "migrate", "--first-key", tmp_path / "key"]
        return subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)

    done = migrate()
    assert done.returncode == 0, done.stderr
    key = (tmp_path / "key").read_text()
    assert key.startswith("ebb_")
    assert migrate().returncode == 0
    assert (tmp_path / "key").read_text() == key


def test_a_missing_service_is_a_clear_error(tmp_path: Path) -> None:
    command = [EBB, "jobs", "list", "--url", "http://127.0.0.1:1"]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_datasets_are_listed_and_shown_by_name(ebb: Ebb, client: Client, dataset: str) -> None:
    assert dataset in ebb("datasets", "list").stdout
    assert [row["id"] for row in told(ebb("datasets", "list", "--name", "customers", "--json"))] == [dataset]
    shown = ebb("datasets", "show", "customers")
    assert all(words in shown.stdout for words in (dataset, "support_tickets", "numeric")), shown.stderr
    assert told(ebb("datasets", "show", dataset, "--json"))["rows"] == 300
    missing = ebb("datasets", "show", "custmers")
    assert (missing.returncode, "ebb datasets list" in missing.stderr) == (1, True)


def test_versions_are_shown_and_downloaded(ebb: Ebb, trained: str, tmp_path: Path) -> None:
    shown = ebb("versions", "show", "churn", 1)
    assert all(words in shown.stdout for words in (trained, "weights sha256", "valid auc")), shown.stderr
    digest = told(ebb("versions", "show", "churn", 1, "--json"))["weights_sha256"]
    assert ebb("versions", "download", "churn", 1, "--out", tmp_path / "churn.safetensors").returncode == 0
    assert hashlib.sha256((tmp_path / "churn.safetensors").read_bytes()).hexdigest() == digest
    assert ebb("versions", "download", "churn", 1, "--out", tmp_path / "churn.onnx").returncode == 0
    names = {each.name for each in onnxruntime.InferenceSession(tmp_path / "churn.onnx").get_inputs()}
    assert names == {"months", "monthly_charge", "support_tickets", "usage_hours"}
    assert {row["name"] for row in told(ebb("models", "list", "--json"))} >= {"churn"}
