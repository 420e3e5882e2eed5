"""A job survives the kill of any process: it ends once, with the same weights."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ebb.answers import Job
from ebb.client import Client
from ebb.customers import customers
from ebb.errors import ServiceError
from store.broker import Broker
from tests.e2e.running import Running, ebb_up, wait_for

# Long enough to interrupt. Without early stopping, every run has the same number of epochs.
EPOCHS = 900
SPEC = {"layers": [128, 64], "epochs": EPOCHS, "early_stopping": None, "batch_size": 16, "seed": 5}
# Shorter than in production, and long enough for a training process to start on a busy machine.
QUICK_LEASES = {"EBB_LEASE_SECONDS": 8, "EBB_HEARTBEAT_SECONDS": 1}


def _submit(client: Client) -> Job:
    table = customers(1_000, 1).to_csv().encode()
    dataset = client.upload_dataset(table, name="customers", target="churned", id_column="customer_id")
    return client.submit_training("churn", dataset.id, SPEC)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the weights of an undisturbed training."""
    with ebb_up(tmp_path_factory.mktemp("undisturbed")) as service, service.client() as client:
        job = _submit(client)
        wait_for(lambda: client.job(job.id).finished, "the undisturbed training")
        return _digest(client, job)


def _wait_until_under_way(client: Client, job: Job) -> None:
    wait_for(lambda: (p := client.job(job.id).progress) and p.done > 20, "20 epochs")
    assert client.job(job.id).state == "running", "the training was over before it could be interrupted"


def _kill_worker(service: Running) -> None:
    for process in service.processes("worker"):
        process.kill()


def _kill_child(service: Running) -> None:
    for process in service.processes("worker.child"):
        process.kill()


def _stop_worker(service: Running) -> None:
    for process in service.processes("worker"):
        process.terminate()


def _kill_web(service: Running) -> None:
    for process in service.processes("app"):
        process.kill()


@pytest.mark.parametrize("interrupt", [_kill_worker, _kill_child, _stop_worker, _kill_web])
def test_interrupted_training_ends_once_with_the_same_weights(
    tmp_path: Path, database_url: str, broker: Broker, undisturbed: str, interrupt: Callable[[Running], None]
) -> None:
    parts = {} if database_url.startswith("sqlite") else {"DATABASE_URL": database_url, "REDIS_URL": broker.url}
    with ebb_up(tmp_path, **QUICK_LEASES, **parts) as service, service.client() as client:
        job = _submit(client)
        _wait_until_under_way(client, job)
        interrupt(service)
        wait_for(lambda: _finished(client, job), "the interrupted training")
        ended = client.job(job.id)
        assert ended.state == "succeeded", ended.error
        assert len(list(client.versions("churn"))) == 1
        assert _digest(client, job) == undisturbed
        assert [epoch.epoch for epoch in client.epochs(job.id)] == list(range(1, EPOCHS + 1))


def _finished(client: Client, job: Job) -> bool:
    try:
        return client.job(job.id).finished
    except ServiceError:  # the killed process may be the web server
        return False


def _digest(client: Client, job: Job) -> str:
    result = client.job(job.id).result
    assert result is not None
    version = result["version"]
    assert isinstance(version, int)
    return client.version("churn", version).weights_sha256


def test_worker_that_is_killed_leaves_no_training_process(tmp_path: Path) -> None:
    with ebb_up(tmp_path, **QUICK_LEASES) as service, service.client() as client:
        job = _submit(client)
        _wait_until_under_way(client, job)
        children = service.processes("worker.child")
        assert children
        _kill_worker(service)
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive
        wait_for(lambda: client.job(job.id).finished, "the job")
