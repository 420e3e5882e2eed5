"""Event streams and metrics under gunicorn, over real connections and several processes."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from store.artifacts import Artifact
from store.database import Database
from store.datasets import NewDataset, add_dataset
from store.jobs.claim import Claim, claim
from store.jobs.finish import fail
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.submit import Submission, submit
from store.keys import create_key, revoke_key
from store.settings import Settings
from tests.app.test_server import PATIENCE, Running, served
from tests.store.world import epoch


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def settings(tmp_path: Path, sqlite_file: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return Settings(home=tmp_path, database_url=sqlite_file, port=0, web_processes=1)


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    with served(settings) as server:
        yield server


@pytest.fixture
def claimed(database: Database) -> Claim:
    """A running training."""
    facts = NewDataset("customers", "text/csv", target="churned", id_column="", rows=1, schema={})
    artifact = Artifact("d" * 64, 5, None)  # no file is read

    def work(connection: object) -> Claim:
        dataset_id, _ = add_dataset(connection, artifact, facts)
        job = submit(connection, Submission("training", "churn", dataset_id, {}))
        mine = claim(connection, job.job_id, worker="w", lease_seconds=30)
        assert mine is not None
        return mine

    return database.write(work)


def beat(database: Database, claimed: Claim, *numbers: int) -> None:
    rows = [epoch(n) for n in numbers]
    progress = JobProgress(numbers[-1], 100)
    database.write(
        lambda connection: heartbeat(connection, claimed, lease_seconds=30, progress=progress, new_epochs=rows)
    )


def wait_for(condition: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.05)


def connect(url: str, path: str) -> socket.socket:
    at = httpx.URL(url)
    connection = socket.create_connection((at.host, at.port), timeout=PATIENCE)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def until(connection: socket.socket, text: str) -> str:
    """Read a connection up to this text."""
    read = b""
    while text.encode() not in read:
        part = connection.recv(65536)
        assert part, f"it ended: {read.decode()}"
        read += part
    return read.decode()


def scrape(url: str) -> dict[str, float]:
    """Return the sum of the samples of each name."""
    answer = httpx.get(f"{url}/metrics", trust_env=False, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    told: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            told[sample.name] = told.get(sample.name, 0.0) + sample.value
    return told


def test_events_come_one_by_one_as_they_happen(running: Running, database: Database, claimed: Claim) -> None:
    with connect(running.url, f"/v1/jobs/{claimed.job_id}/events") as connection:
        head = until(connection, "event: running")
        assert head.startswith("HTTP/1.1 200 OK")
        assert "Content-Type: text/event-stream" in head
        for number in (1, 2):
            beat(database, claimed, number)
            until(connection, f'"epoch":{number},')
        database.write(lambda connection: fail(connection, claimed, code="diverged", text="lower it"))
        assert until(connection, "0\r\n\r\n").count("event: failed") == 1, "the stream ends, the connection need not"
    assert "Traceback" not in "".join(running.lines)


def test_a_client_that_disconnects_frees_its_place(running: Running, claimed: Claim) -> None:
    path = f"/v1/jobs/{claimed.job_id}/events"
    for _ in range(3):  # of four places
        all_of_them = [connect(running.url, path) for _ in range(4)]
        for connection in all_of_them:
            until(connection, "event: running")
        refused = httpx.get(running.url + path, trust_env=False, timeout=PATIENCE)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem-type:ebb:streams")
        assert scrape(running.url)["ebb_event_streams"] == 4
        for connection in all_of_them:
            connection.close()
        wait_for(lambda: scrape(running.url)["ebb_event_streams"] == 0, "the places are not given back")


def test_open_streams_end_with_their_server(running: Running, claimed: Claim) -> None:
    with connect(running.url, f"/v1/jobs/{claimed.job_id}/events") as connection:
        until(connection, "event: running")
        begun = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - begun < 10, "it waited for the stream"
        assert "0\r\n\r\n" in until(connection, "0\r\n\r\n")


def test_every_process_reports_the_counts_of_all_processes(settings: Settings, claimed: Claim) -> None:
    with served(replace(settings, web_processes=2)) as server:
        web = psutil.Process(server.process.pid)
        wait_for(lambda: len(web.children()) == 2, "two processes")

        def asked(times: int) -> None:
            for _ in range(times):  # each on its own connection, so that both processes get some
                assert httpx.get(f"{server.url}/livez", trust_env=False, timeout=PATIENCE).status_code == 200

        asked(40)
        counted = {scrape(server.url)["ebb_http_request_seconds_count"] for _ in range(10)}
        assert counted == set(range(40, 50)), "each scrape counts the ones before"
        with connect(server.url, f"/v1/jobs/{claimed.job_id}/events") as connection:
            until(connection, "event: running")
            assert scrape(server.url)["ebb_event_streams"] == 1
            for child in web.children():
                os.kill(child.pid, signal.SIGKILL)
            wait_for(lambda: len(web.children()) == 2, "two processes again")
        wait_for(lambda: scrape(server.url)["ebb_event_streams"] == 0, "the dead process's stream counts")
        before = scrape(server.url)["ebb_http_requests_total"]
        assert before >= 52
        asked(5)
        assert scrape(server.url)["ebb_http_requests_total"] == before + 6
        folder = Path(os.environ["TMPDIR"])
        assert list(folder.glob("ebb-metrics-*/*.db"))
        assert server.stop() == 0
        assert not list(folder.glob("ebb-metrics-*")), "the counts are left behind"
        assert "Traceback" not in "".join(server.lines)


def test_counts_of_a_killed_server_are_removed_and_those_of_a_running_one_kept(
    settings: Settings,
) -> None:
    folder = Path(os.environ["TMPDIR"])
    with served(settings) as first, served(settings) as second:
        both = set(folder.glob("ebb-metrics-*"))
        assert len(both) == 2
        web = psutil.Process(first.process.pid)
        family = [*web.children(), web]
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=PATIENCE)
        first.stop()  # which has nothing left to stop, and closes what this test reads
        with served(settings):
            assert len(set(folder.glob("ebb-metrics-*"))) == 2
            assert len(both & set(folder.glob("ebb-metrics-*"))) == 1
        assert scrape(second.url)["ebb_database_up"] == 1


def stall(running: Running, stack: ExitStack, times: int) -> None:
    """Start uploads that stall."""
    at = httpx.URL(running.url)
    for _ in range(times):
        held = stack.enter_context(socket.create_connection((at.host, at.port), timeout=PATIENCE))
        held.sendall(b"POST /v1/datasets?target=y HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n")
        held.sendall(b"Transfer-Encoding: chunked\r\n\r\n")


def wait_for_refusals(running: Running, many: int) -> None:
    wait_for(lambda: scrape(running.url)["ebb_http_shed_requests_total"] == many, f"there are not {many} refusals")


def test_streams_and_uploads_leave_threads_to_the_others(running: Running, claimed: Claim) -> None:
    """Four of sixteen threads serve streams, and four serve uploads."""
    with ExitStack() as stack:
        for _ in range(4):
            stream = stack.enter_context(connect(running.url, f"/v1/jobs/{claimed.job_id}/events"))
            until(stream, "event: running")
        stall(running, stack, 6)
        wait_for_refusals(running, 2)
        refused = httpx.get(f"{running.url}/v1/jobs/{claimed.job_id}/events", trust_env=False, timeout=PATIENCE)
        assert refused.status_code == 503


def test_a_stream_ends_soon_after_its_key_is_revoked(settings: Settings, database: Database, claimed: Claim) -> None:
    key = database.write(lambda connection: create_key(connection, "watcher", ["read"]))
    with served(settings) as server:
        at = httpx.URL(server.url)
        with socket.create_connection((at.host, at.port), timeout=PATIENCE) as connection:
            head = f"Host: localhost\r\nAuthorization: Bearer {key}\r\n\r\n"
            connection.sendall(f"GET /v1/jobs/{claimed.job_id}/events HTTP/1.1\r\n{head}".encode())
            until(connection, "event: running")
            database.write(lambda connection: revoke_key(connection, key.split("_")[1]))
            begun = time.monotonic()
            until(connection, "0\r\n\r\n")
            assert time.monotonic() - begun < 5
