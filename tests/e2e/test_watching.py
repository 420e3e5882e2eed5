"""Watching shows a whole job through restarts. Readiness depends on heartbeats, not on processes."""

import json
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from ebb.client import Client
from ebb.customers import customers
from tests.e2e.running import EBB, Running, ebb_up, environment, wait_for

STEADY = {"epochs": 1500, "early_stopping": None, "layers": [64, 64], "batch_size": 4}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    quick = {"EBB_HEARTBEAT_SECONDS": 0.5, "EBB_LEASE_SECONDS": 3, "EBB_WEB_PROCESSES": 1}
    with ebb_up(tmp_path_factory.mktemp("watching"), **quick) as service:
        yield service


@pytest.fixture(scope="module")
def dataset(client: Client) -> str:
    table = customers(300, 1).to_csv().encode()
    return client.upload_dataset(table, name="customers", target="churned", id_column="customer_id").id


def metrics(service: Running) -> str:
    return httpx.get(f"{service.url}/metrics", trust_env=False, timeout=30).text


def ready(service: Running) -> dict[str, object]:
    answer = httpx.get(f"{service.url}/readyz", trust_env=False, timeout=30)
    return {"status": answer.status_code, "faults": [one["pointer"] for one in answer.json().get("errors", [])]}


def test_a_watched_job_is_complete_after_the_death_of_training_and_api(
    service: Running, client: Client, dataset: str
) -> None:
    job = client.submit_training("churn", dataset, STEADY).id
    command = [EBB, "jobs", "watch", job, "--json"]
    home = environment(service.home)
    with subprocess.Popen(command, env=home, stdout=subprocess.PIPE, text=True) as watching:
        wait_for(lambda: "ebb_event_streams 1.0" in metrics(service), "the watcher")
        wait_for(lambda: len(list(client.epochs(job))) > 20, "the first epochs")
        (training,) = (process for process in service.processes("worker.child") if job.endswith(process.name()))
        training.kill()
        for process in service.processes("app"):
            process.kill()
        out, _ = watching.communicate(timeout=240)
    assert watching.returncode == 0
    watched = json.loads(out)
    assert watched["state"] == "succeeded"
    assert [epoch["epoch"] for epoch in watched["epochs"]] == list(range(1, 1501))
    told = [one.event for one in client.follow(job) if one.event not in ("", "progress")]
    assert [name for name in told if name != "epoch"] == ["queued", "running", "queued", "running", "succeeded"]
    assert told.count("epoch") == 1500
    assert watched["attempt"] == 2


def test_a_frozen_worker_is_not_ready_although_its_process_exists(service: Running) -> None:
    wait_for(lambda: ready(service)["status"] == 200, "readiness")
    frozen = service.processes("worker")
    try:
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        wait_for(
            lambda: ready(service) == {"status": 503, "faults": ["/checks/worker"]}, "a frozen worker is ready", 30
        )
    finally:
        for process in frozen:
            process.send_signal(signal.SIGCONT)
    wait_for(lambda: ready(service)["status"] == 200, "readiness again")
