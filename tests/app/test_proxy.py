"""The service behind the proxy of docker-compose.yml: the real nginx with the real configuration."""

import json
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.app.proxied import SCORE, UPLOAD, connect, head, proxied, settings_behind
from tests.app.running import CALM_SECONDS, PATIENCE, Running, normal_request_seconds, served, wait_until_calm
from tests.parts.nginx import Proxy


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /livez HT",
        SCORE + b"Content-Length: 1000\r\n\r\n{",
        SCORE + b"Content-Length: 5000000\r\n\r\n" + b" " * 1_000_000,
        UPLOAD + b"Content-Length: 19000000\r\n\r\na,b\n",
        UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n",
    ],
    ids=["nothing", "half a line", "half a body", "a long half body", "an upload", "a chunked upload"],
)
def test_stalled_clients_delay_no_other_client(proxy: Proxy, sent: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connect(proxy)).sendall(sent)
        time.sleep(0.3)
        assert normal_request_seconds(proxy.url) < CALM_SECONDS


def test_clients_that_never_read_delay_no_other_client(proxy: Proxy) -> None:
    """The proxy receives all of each answer, larger than its buffers in memory, and so frees the service for others."""
    with ExitStack() as stack:
        unread = [stack.enter_context(connect(proxy)) for _ in range(30)]
        for connection in unread:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.sendall(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        wait_until_calm(proxy.url)
        assert normal_request_seconds(proxy.url) < CALM_SECONDS
        errors = [connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) for connection in unread]
        assert not any(errors), "it is calm because the proxy has disconnected them"


def test_under_overload_some_requests_are_answered_and_others_refused_at_once(proxy: Proxy) -> None:
    path = f"{proxy.url}/v1/jobs?page_size=100"

    def ask(_: int) -> list[tuple[int, str, str]]:
        told = []
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            for _ in range(15):
                answer = client.get(path)
                told.append((answer.status_code, answer.headers["Content-Type"], answer.headers.get("Retry-After", "")))
        return told

    with ThreadPoolExecutor(48) as pool:
        answers = [one for told in pool.map(ask, range(48)) for one in told]
    counted = Counter(status for status, *_ in answers)
    assert set(counted) == {200, 503}, counted
    assert {(kind, wait) for status, kind, wait in answers if status == 503} == {("application/problem+json", "1")}
    assert normal_request_seconds(proxy.url, 3) < CALM_SECONDS


def test_a_request_that_waited_too_long_is_refused_except_on_operator_routes(server: Running) -> None:
    late = {"X-Request-Start": f"t={time.time() - 3:.3f}"}
    answer = httpx.get(f"{server.url}/v1/jobs", headers=late, trust_env=False, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem-type:ebb:overloaded")
    assert int(answer.headers["Retry-After"]) > 0
    for path in ("/livez", "/metrics"):
        assert httpx.get(server.url + path, headers=late, trust_env=False, timeout=PATIENCE).status_code == 200
    soon = {"X-Request-Start": f"t={time.time():.3f}"}
    assert httpx.get(f"{server.url}/v1/jobs", headers=soon, trust_env=False, timeout=PATIENCE).status_code == 200


def test_the_time_a_client_says_it_waited_is_replaced(proxy: Proxy) -> None:
    old = {"X-Request-Start": "t=1.0"}
    assert httpx.get(f"{proxy.url}/v1/jobs", headers=old, trust_env=False, timeout=PATIENCE).status_code == 200


def test_nothing_of_an_upload_is_on_disk_before_the_service_has_answered(proxy: Proxy) -> None:
    """The service refuses this table while the body is still arriving."""
    with connect(proxy) as connection:
        unknown = UPLOAD.replace(b"text/csv", b"text/html")
        connection.sendall(unknown + b"Content-Length: 19000000\r\n\r\n" + b"a" * 2_000_000)
        assert head(connection)[0] == 415
        assert not [path for path in proxy.spool.rglob("*") if path.is_file()]


def test_connections_to_the_service_are_kept(proxy: Proxy, server: Running) -> None:
    """Each request has its own client connection, and the service accepts few new connections."""
    port = int(server.url.rpartition(":")[2])

    def connected() -> set[str]:
        entries = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {remote for local, remote, state in entries if state == "01" and local.endswith(f":{port:04X}")}

    accepted, done = connected(), threading.Event()
    before = len(accepted)

    def watch() -> None:
        while not done.wait(0.005):
            accepted.update(connected())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(60):
        assert httpx.get(f"{proxy.url}/v1/models", trust_env=False, timeout=PATIENCE).status_code == 200
    done.set()
    watcher.join()
    assert len(accepted) > 0
    assert len(accepted) - before < 20


def test_the_concurrent_large_bodies_of_an_address_are_limited(server: Running, tmp_path: Path) -> None:
    """A body whose length is not told counts as a large one."""
    large = [SCORE + b"Content-Length: 1000000\r\n\r\n", SCORE + b"Transfer-Encoding: chunked\r\n\r\n"]
    with proxied(tmp_path, server.url, PROXY_CLIENT_BODIES="3") as proxy, ExitStack() as stack:
        for number in range(3):
            waiting = stack.enter_context(connect(proxy))
            waiting.sendall(large[number % 2].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
            assert head(waiting)[0] == 100  # counted, whichever process of nginx has it
        for sent in large:
            with connect(proxy) as connection:
                connection.sendall(sent)
                status, headers, body = head(connection)
            assert (status, headers["retry-after"], json.loads(body)["status"]) == (429, "1", 429)
        with connect(proxy) as connection:
            connection.sendall(SCORE + b"Content-Length: 999999\r\n\r\n{}" + b" " * 999_997)
            assert head(connection)[0] == 404


def test_a_client_keeps_its_connection_for_thousands_of_requests(proxy: Proxy) -> None:
    """By default nginx closes a connection after a thousand."""
    with connect(proxy) as connection:
        for _ in range(13):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
            said = b""
            while said.count(b'"alive"') < 100:
                part = connection.recv(65536)
                assert part, said[-1000:]
                said += part


@pytest.mark.parametrize(("proxies", "client"), [(1, "127.0.0.1"), (2, "203.0.113.9")])
def test_the_client_address_comes_from_the_last_trusted_proxy(
    tmp_path: Path, sqlite_template: Path, proxies: int, client: str
) -> None:
    """The first address was made up by the client, the second added by a TLS proxy before nginx."""
    settings = settings_behind(tmp_path, sqlite_template, proxies=proxies)
    sent = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    with served(settings) as running, proxied(tmp_path / "proxy", running.url) as before:
        wait_until_calm(before.url, 1)
        assert httpx.get(f"{before.url}/v1/models", headers=sent, trust_env=False, timeout=PATIENCE).status_code == 200
    (line,) = (json.loads(line) for line in running.lines if "/v1/models" in line)
    assert line["client"] == client
