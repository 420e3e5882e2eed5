"""Slow clients, floods and garbage against a real server: normal requests are answered all the while."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from app.connections.incoming import HEAD_BYTES
from app.connections.pace import HEAD_START_SECONDS, STALL_SECONDS
from app.connections.receiving import RECEIVE_SECONDS
from store.settings import Settings
from tests.app.conftest import CSV
from tests.app.running import PATIENCE, Running, served

HEAD = b"POST /v1/jobs/training HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CALM_SECONDS = 2.0  # what a normal request may take on a busy machine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Running]:
    """One process with four threads, and room for eight waiting requests."""
    home = tmp_path_factory.mktemp("overload")
    (home / "ebb.db").write_bytes(sqlite_template.read_bytes())
    settings = Settings(
        home=home, database_url=f"sqlite:///{home / 'ebb.db'}", port=0, web_processes=1, web_threads=4, web_queue=8
    )
    with served(settings) as running:
        yield running
        assert "Traceback" not in "".join(running.lines)


@pytest.fixture(autouse=True)
def calm(server: Running) -> None:
    """Wait until what the test before left behind is answered: what came first is answered first."""
    until = time.monotonic() + PATIENCE
    while httpx.get(f"{server.url}/v1/jobs", trust_env=False, timeout=PATIENCE).status_code == 503:
        assert time.monotonic() < until, "the server does not come to rest"
        time.sleep(0.1)


def connect(server: Running) -> socket.socket:
    at = httpx.URL(server.url)
    return socket.create_connection((at.host, at.port), timeout=PATIENCE)


def hold(server: Running, stack: ExitStack, sent: bytes, times: int) -> list[socket.socket]:
    """Open connections that send this much and then nothing."""
    held = [stack.enter_context(connect(server)) for _ in range(times)]
    for connection in held:
        connection.sendall(sent)
    time.sleep(0.3)
    return held


def normal_request_seconds(server: Running, times: int = 10) -> float:
    """Return what the slowest of some normal requests took."""
    slowest = 0.0
    for _ in range(times):
        begun = time.perf_counter()
        assert httpx.get(f"{server.url}/v1/jobs", trust_env=False, timeout=PATIENCE).status_code == 200
        slowest = max(slowest, time.perf_counter() - begun)
    return slowest


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /livez HT",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        HEAD + b"Content-Length: 1000\r\n\r\n{",
        HEAD + b"Content-Length: 5000000\r\n\r\n" + b" " * 1_000_000,
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HT",
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "a long half body", "one request and a half"],
)
def test_half_sent_requests_hold_nobody_up(server: Running, sent: bytes) -> None:
    with ExitStack() as stack:
        hold(server, stack, sent, 40)
        assert normal_request_seconds(server) < CALM_SECONDS


@pytest.mark.parametrize("header", [b"Transfer-Encoding: chunked", b"Content-Length: 90000000"])
def test_half_sent_uploads_leave_a_thread_for_the_others(server: Running, header: bytes) -> None:
    upload = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    with ExitStack() as stack:
        held = hold(server, stack, upload + header + b"\r\n\r\n", 10)
        assert normal_request_seconds(server) < CALM_SECONDS
        assert sum(b" 503 " in first_line(connection, 0.2) for connection in held) == 7, "three of four threads wait"
        for connection in held:
            with suppress(OSError):  # those that were refused are gone by now
                connection.shutdown(socket.SHUT_WR)
                while first_line(connection, PATIENCE):
                    pass  # until its thread is free for the next test


def test_who_arrives_during_a_long_request_waits_for_no_upload(server: Running) -> None:
    """The long request is in the loop, the uploads are in all other threads: what arrives is for the loop to answer."""
    upload = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    rows = CSV.splitlines(keepends=True)
    table = b"".join([rows[0], *(row.replace(b"c-", b"%d-" % n) for n in range(400) for row in rows[1:])])
    with ExitStack() as stack:
        hold(server, stack, upload + b"Transfer-Encoding: chunked\r\n\r\n", 3)
        long = stack.enter_context(connect(server))
        long.sendall(upload + b"Content-Length: %d\r\n\r\n" % len(table) + table)
        time.sleep(0.1)
        assert normal_request_seconds(server) < STALL_SECONDS / 2
        assert b" 201 " in first_line(long, PATIENCE)


def first_line(connection: socket.socket, seconds: float) -> bytes:
    connection.settimeout(seconds)
    try:
        return connection.recv(4096).partition(b"\r\n")[0]
    except TimeoutError:
        return b""


def test_what_stalls_is_given_up_on(server: Running) -> None:
    upload = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    with ExitStack() as stack:
        (part,) = hold(server, stack, b"GET /livez HTTP/1.1\r\nHost: loc", 1)
        (silent,) = hold(server, stack, b"", 1)
        (body,) = hold(server, stack, upload + b"Transfer-Encoding: chunked\r\n\r\n", 1)
        begun = time.monotonic()
        assert b" 408 " in first_line(part, RECEIVE_SECONDS + 5)
        assert first_line(silent, 5) == b"", "who said nothing is told nothing"
        assert b" 400 " in first_line(body, STALL_SECONDS + 5)
        assert time.monotonic() - begun < max(RECEIVE_SECONDS, STALL_SECONDS) + 5


def test_an_upload_that_drips_is_given_up_on(server: Running) -> None:
    upload = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    with connect(server) as connection:
        connection.sendall(upload + b"Transfer-Encoding: chunked\r\n\r\n")
        begun, answer = time.monotonic(), b""
        while not answer and time.monotonic() - begun < HEAD_START_SECONDS + 10:
            connection.sendall(b"1\r\na\r\n")
            answer = first_line(connection, 0.5)
        assert b" 400 " in answer
        assert time.monotonic() - begun >= HEAD_START_SECONDS - 1


def test_a_slow_but_honest_request_is_answered(server: Running) -> None:
    with connect(server) as connection:
        for piece in (b"GET /liv", b"ez HTTP/1.1\r\nHo", b"st: localhost\r\n", b"\r\n"):
            connection.sendall(piece)
            time.sleep(0.3)
        assert b" 200 " in first_line(connection, PATIENCE)


def test_more_connections_than_there_may_be_push_out_the_slow_ones(server: Running) -> None:
    with ExitStack() as stack:
        held = hold(server, stack, b"GET /livez HT", 0)
        for _ in range(1100):
            held.append(stack.enter_context(connect(server)))
            held[-1].sendall(b"GET /livez HT")
        assert normal_request_seconds(server) < CALM_SECONDS
        assert first_line(held[0], 1) == b"", "the oldest was closed"
        held[-1].sendall(b"TP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in first_line(held[-1], PATIENCE)


def test_a_flood_is_refused_rather_than_queued(server: Running) -> None:
    """Each request takes a thread for the time that a PostgreSQL or a large batch would; the file is the slow part."""
    rows = CSV.splitlines(keepends=True)
    body = b"".join([rows[0], *(row.replace(b"c-", b"%d-" % n) for n in range(40) for row in rows[1:])])
    url = f"{server.url}/v1/datasets?target=churned&id=customer_id"

    def ask(n: int) -> tuple[int, str, str, float]:
        begun = time.perf_counter()
        unlike = body + b"x-%d,1,1,1,1,0\n" % n
        answer = httpx.post(
            url, content=unlike, headers={"Content-Type": "text/csv"}, trust_env=False, timeout=PATIENCE
        )
        said = answer.headers["Content-Type"]
        return answer.status_code, said, answer.headers.get("Retry-After", ""), time.perf_counter() - begun

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(ask, range(60)))
    refused = [answer for answer in answers if answer[0] == 503]
    assert {status for status, *_ in answers} == {201, 503}
    assert 60 - len(refused) >= 12, "what fits into threads and queue is answered"
    assert refused
    assert all((kind, wait) == ("application/problem+json", "5") for _, kind, wait, _ in refused)
    assert normal_request_seconds(server) < CALM_SECONDS


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /livez HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n", 431),
        (b"GET /livez HTTP/1.1\r\nX: " + b"y" * (HEAD_BYTES + 10_000), 431),
        (b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}", 400),
        (b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", 400),
    ],
)
def test_what_no_parser_takes_is_a_problem_too(server: Running, sent: bytes, status: int) -> None:
    with connect(server) as connection:
        connection.sendall(sent)
        answer = connection.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["title"] != "", problem["request_id"] != "") == (status, True, True)
    told = re.search(rb"(?i)\r\nx-request-id: ([0-9a-f-]{36})", head)
    assert told
    until = time.monotonic() + PATIENCE
    while not [line for line in server.lines if told[1].decode() in line]:
        assert time.monotonic() < until, "who quotes the id is not found in the log"
        time.sleep(0.05)


def test_requests_on_one_connection_are_answered_in_order(server: Running) -> None:
    get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: %d\r\n\r\n"
    post = HEAD + b"X-Request-ID: %d\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(
            b"".join([get % 0, post % 1, get % 2, HEAD, b"X-Request-ID: 3\r\nContent-Length: 2\r\n\r\n{}"])
        )
        connection.sendall(last)
        said = connection.makefile("rb").read()
    assert re.findall(rb"HTTP/1.1 (\d+) ", said) == [b"200", b"422", b"200", b"422", b"200"]
    assert re.findall(rb"X-Request-ID: (\d)\r\n", said) == [b"0", b"1", b"2", b"3"]


def test_a_body_that_nobody_read_does_not_end_a_connection_that_is_kept(server: Running) -> None:
    """Nor does it hold anybody up."""
    unread = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16000000\r\n\r\n" + b" " * 16_000_000
    last = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        begun = time.monotonic()
        connection.sendall(unread + unread + last)
        said = connection.makefile("rb").read()
    assert time.monotonic() - begun < 2 * CALM_SECONDS
    assert re.findall(rb"HTTP/1.1 (\d+) ", said) == [b"404", b"404", b"200"]


def test_clients_that_never_hang_up_do_not_stop_the_loop(server: Running) -> None:
    with ExitStack() as stack:
        closing = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        hold(server, stack, closing, 20)
        assert normal_request_seconds(server) < CALM_SECONDS


def test_an_idle_connection_is_kept_for_the_next_request(server: Running) -> None:
    with connect(server) as connection:
        for _ in range(3):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = b""
            while b'"alive"' not in said:
                said += connection.recv(4096)
            time.sleep(2.5)


def test_a_client_who_does_not_read_its_answers_holds_no_thread_for_ever(server: Running) -> None:
    def flood(connection: socket.socket) -> None:
        connection.settimeout(0.5)
        try:
            for _ in range(200):
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        except OSError:
            pass

    with ExitStack() as stack:
        threads = []
        for _ in range(3):
            connection = stack.enter_context(connect(server))
            threads.append(threading.Thread(target=flood, args=(connection,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        assert normal_request_seconds(server, 3) < CALM_SECONDS
