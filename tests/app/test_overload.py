"""A server without a proxy: long requests leave threads free, and stalled clients are disconnected."""

import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from flask import Flask

from app.edge.deadline import Deadline
from app.server.web_server import CLIENT_SECONDS
from store.database import open_database
from store.keys import create_key
from store.settings import Settings
from tests.app.running import CALM_SECONDS, PATIENCE, Running, normal_request_seconds, served, wait_until_calm

TRAIN = b"POST /v1/jobs/training HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
UPLOAD = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
THREADS = 8


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Settings:
    home = tmp_path_factory.mktemp("overload")
    (home / "ebb.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{home / 'ebb.db'}"
    return Settings(home=home, database_url=url, port=0, web_processes=1, web_threads=THREADS)


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Running]:
    with served(settings) as running:
        wait_until_calm(running.url, 1)
        yield running
        assert "Traceback" not in "".join(running.lines)


def connect(server: Running) -> socket.socket:
    at = httpx.URL(server.url)
    return socket.create_connection((at.host, at.port), timeout=PATIENCE)


def first_line(connection: socket.socket, seconds: float) -> bytes:
    connection.settimeout(seconds)
    try:
        return connection.recv(4096).partition(b"\r\n")[0]
    except (TimeoutError, ConnectionResetError):
        return b""


@pytest.mark.parametrize("header", [b"Transfer-Encoding: chunked", b"Content-Length: 90000000"])
def test_uploads_take_a_quarter_of_the_threads_and_the_next_gets_retry_after(server: Running, header: bytes) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(5)]
        for connection in held:
            connection.sendall(UPLOAD + header + b"\r\n\r\n")
        assert sorted(first_line(connection, 2)[:12] for connection in held) == [b"", b"", *[b"HTTP/1.1 503"] * 3]
        assert normal_request_seconds(server.url) < CALM_SECONDS
        for connection in held:
            connection.close()
    until = time.monotonic() + PATIENCE
    while httpx.post(f"{server.url}/v1/datasets", trust_env=False, timeout=PATIENCE).status_code == 503:
        assert time.monotonic() < until, "the places are not given back"


def test_a_stalled_client_is_disconnected(server: Running) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(4)]
        held[0].sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
        held[1].sendall(TRAIN + b"Content-Length: 100\r\n\r\n{")
        held[2].sendall(UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n")
        held[3].sendall(UPLOAD + b"Content-Length: 1000\r\n\r\na,b")
        assert normal_request_seconds(server.url) < CALM_SECONDS
        begun = time.monotonic()
        told = [first_line(connection, CLIENT_SECONDS + 5)[:12] for connection in held]
        assert told == [b"", b"HTTP/1.1 400", b"HTTP/1.1 400", b"HTTP/1.1 400"]
        assert time.monotonic() - begun < CLIENT_SECONDS + 5


def test_clients_that_do_not_read_delay_no_other_client(server: Running) -> None:
    def flood(connection: socket.socket) -> None:
        connection.settimeout(0.5)
        try:
            for _ in range(200):
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        except OSError:
            pass

    with ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(THREADS - 2)]
        threads = [threading.Thread(target=flood, args=(connection,)) for connection in held]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert normal_request_seconds(server.url) < CALM_SECONDS


def test_requests_on_one_connection_are_answered_in_order(server: Running) -> None:
    get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: %d\r\n\r\n"
    post = TRAIN + b"X-Request-ID: %d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(
            b"".join([get % 0, post % 1, get % 2, TRAIN, b"X-Request-ID: 3\r\nContent-Length: 2\r\n\r\n{}"])
        )
        connection.sendall(last)
        said = connection.makefile("rb").read()
    assert re.findall(rb"HTTP/1.1 (\d+) ", said) == [b"200", b"422", b"200", b"422", b"200"]
    assert re.findall(rb"X-Request-ID: (\d)\r\n", said) == [b"0", b"1", b"2", b"3"]


def test_an_idle_connection_is_kept_for_the_next_request(server: Running) -> None:
    with connect(server) as connection:
        for _ in range(3):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = b""
            while b'"alive"' not in said:
                said += connection.recv(4096)
            time.sleep(CLIENT_SECONDS / 4)


def test_gunicorns_own_lines_are_logged_as_all_others_are(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert first_line(connection, PATIENCE).startswith(b"HTTP/1.1 400 ")
    until = time.monotonic() + PATIENCE
    while not (told := [line for line in server.lines if "gunicorn.error" in line]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert all(line.startswith("{") for line in told), told


def test_a_process_with_a_late_answer_is_replaced(settings: Settings, tmp_path: Path) -> None:
    """The first use of a key is stored, and this test holds the lock of SQLite."""
    file = tmp_path / "ebb.db"
    file.write_bytes((settings.home / "ebb.db").read_bytes())
    settings = replace(settings, home=tmp_path, database_url=f"sqlite:///{file}", answer_seconds=1.0)
    database = open_database(settings.database_url)
    key = database.write(lambda connection: create_key(connection, "test", ["read"]))
    database.close()
    with served(settings) as server, closing(sqlite3.connect(file, isolation_level=None)) as lock:
        assert normal_request_seconds(server.url, 1) < PATIENCE
        (before,) = psutil.Process(server.process.pid).children()
        lock.execute("BEGIN IMMEDIATE")
        headers = {"Authorization": f"Bearer {key}"}
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/v1/jobs", headers=headers, trust_env=False, timeout=PATIENCE)
        lock.execute("ROLLBACK")
        before.wait(PATIENCE)
        assert normal_request_seconds(server.url, 1) < PATIENCE
        assert "no answer within 1 s: /v1/jobs; this process ends" in "".join(server.lines)


def test_waiting_for_the_client_does_not_count(tmp_path: Path) -> None:
    app, deadline = Flask("slow"), Deadline(0.2)
    seen: list[list[str]] = []

    @app.get("/body")
    def body() -> str:
        with deadline.suspended():
            time.sleep(0.3)
            seen.append(deadline.overdue())
        seen.append(deadline.overdue())
        return ""

    @app.get("/late")
    def late() -> str:
        time.sleep(0.3)
        seen.append(deadline.overdue())
        return ""

    deadline.install(app)
    client = app.test_client()
    client.get("/body")
    client.get("/late")
    assert seen == [[], [], ["/late"]]
    assert deadline.overdue() == []
