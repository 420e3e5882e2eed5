"""`ebb up`: interrupted at any moment of its start, started twice at once, and restarted after a kill."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ebb.customers import customers
from ebb.supervisor import free_port
from tests.e2e.running import EBB, ebb_up, environment, processes_of, wait_for


@contextmanager
def starting(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([EBB, "up", "--port", str(port)], env=environment(home), text=True, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def _wait_for_parts(home: Path, parts: int) -> None:
    """Wait until the supervisor has started this number of processes. The broker is first, the web server last."""
    wait_for(lambda: len(processes_of(home)) >= parts + 1, f"{parts} processes")


@pytest.mark.parametrize("parts", [0, 1, 2, 3])
def test_a_supervisor_killed_while_it_starts_leaves_nothing(tmp_path: Path, parts: int) -> None:
    with starting(tmp_path, free_port()) as process:
        _wait_for_parts(tmp_path, parts)
        process.kill()
    wait_for(lambda: not processes_of(tmp_path), "the end of everything it started", seconds=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_signal_while_it_starts_ends_everything_at_once(tmp_path: Path, number: signal.Signals, parts: int) -> None:
    with starting(tmp_path, free_port()) as process:
        _wait_for_parts(tmp_path, parts)
        process.send_signal(number)
        said, complaint = process.communicate(timeout=60)
        assert (process.returncode, "ready" in said, "Traceback" in complaint) == (1, False, False)
    assert not processes_of(tmp_path)


def test_of_two_started_at_once_one_is_ready_and_one_says_why_not(tmp_path: Path) -> None:
    with starting(tmp_path, free_port()) as first, starting(tmp_path, free_port()) as second:
        wait_for(lambda: first.poll() is not None or second.poll() is not None, "the refusal of one")
        refused, other = (first, second) if first.poll() is not None else (second, first)
        assert refused.returncode == 1
        assert refused.stderr is not None
        assert "a service runs in" in refused.stderr.read()
        assert other.stdout is not None
        assert other.stdout.readline().startswith("Ebb is ready")
        other.terminate()
        assert other.wait(timeout=60) == 0


def test_it_starts_again_on_the_same_port_right_after_a_kill(tmp_path: Path) -> None:
    with ebb_up(tmp_path) as service:
        port = int(service.url.rpartition(":")[2])
        service.process.kill()
        service.process.wait()
        with starting(tmp_path, port) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Ebb is ready"), process.stderr.read()
            process.terminate()
            assert process.wait(timeout=60) == 0


def test_a_broker_that_dies_is_started_again_and_no_job_is_lost(tmp_path: Path) -> None:
    spec = {"epochs": 3}
    with ebb_up(tmp_path, EBB_REPUBLISH_SECONDS=2) as service, service.client() as client:
        table = customers(300, 1).to_csv().encode()
        dataset = client.upload_dataset(table, name="t", target="churned", id_column="customer_id").id
        jobs = []
        for number in range(6):
            if number % 2:
                [broker] = [p for p in service.family() if "valkey-server" in p.name()]
                broker.kill()
            jobs.append(client.submit_training("churn", dataset, spec).id)
            wait_for(lambda: any("valkey-server" in p.name() for p in service.family()), "the broker")
            time.sleep(0.5)
        for job in jobs:
            wait_for(lambda job=job: client.job(job).finished, "a job")
        assert {client.job(job).state for job in jobs} == {"succeeded"}
        assert len(list(client.versions("churn"))) == len(jobs)
