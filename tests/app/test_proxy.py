"""The service behind the proxy of docker-compose.yml: the real nginx with the real configuration."""

import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.routing.route_table import ROUTES
from store.settings import Settings
from tests.app.running import CALM_SECONDS, PATIENCE, Running, normal_request_seconds, served
from tests.parts.nginx import Proxy

SCORE = b"POST /v1/models/churn/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
UPLOAD = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
UPLOAD_BYTES = 20_000_000
ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text()
READ = {
    *(
        "Accept",
        "Authorization",
        "Content-Encoding",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-Modified-Since",
    ),
    *("If-None-Match", "If-Range", "If-Unmodified-Since", "Last-Event-ID", "Origin", "Range", "X-Request-ID"),
}  # by the service, or for it by Flask


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("behind")
    (home / "ebb.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{home / 'ebb.db'}"
    settings = Settings(
        home=home, database_url=url, port=0, proxies=1, web_processes=1, web_threads=8, upload_bytes=UPLOAD_BYTES
    )
    with served(settings) as running:
        yield running
        assert "Traceback" not in "".join(running.lines)


@pytest.fixture(scope="module")
def proxy(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    environ = {"EBB_UPLOAD_BYTES": str(UPLOAD_BYTES), "PROXY_REQUESTS": "12"}
    running = Proxy(folder, server.url.removeprefix("http://"), environ)
    yield running
    running.stop()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE)


def head(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the beginning of the body of an answer."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65536)
        assert part, read
        read += part
    lines, _, body = read.partition(b"\r\n\r\n")
    first, *rest = lines.decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), {n.lower(): v for n, _, v in (line.partition(": ") for line in rest)}, body


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
    with ExitStack() as stack:
        for _ in range(30):
            connection = stack.enter_context(connect(proxy))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        time.sleep(0.3)
        assert normal_request_seconds(proxy.url) < CALM_SECONDS


def test_of_a_flood_some_are_answered_and_the_others_refused_at_once(proxy: Proxy) -> None:
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


def test_a_request_that_waited_too_long_is_refused_but_for_those_that_operators_ask(server: Running) -> None:
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


def test_a_body_that_is_announced_too_long_is_refused_before_it_comes(proxy: Proxy) -> None:
    for sent, most in ((UPLOAD, f"{UPLOAD_BYTES} bytes"), (SCORE, "16 MiB")):
        with connect(proxy) as connection:
            connection.sendall(sent + b"Content-Length: 10000000000000\r\n\r\n")
            status, headers, body = head(connection)
            assert (status, headers["content-type"]) == (413, "application/problem+json")
            assert most in json.loads(body)["detail"]


def test_a_large_upload_is_refused_as_a_problem_too(proxy: Proxy, tmp_path: Path) -> None:
    """A body longer than requests of other addresses may have is under way already when it is refused."""

    def chunks() -> Iterator[bytes]:
        yield from (b"a,b\n" * 250_000 for _ in range(UPLOAD_BYTES // 1_000_000 + 5))

    def upload(to: Proxy, body: bytes | Iterator[bytes]) -> httpx.Response:
        path, kind = f"{to.url}/v1/datasets?target=churned", {"Content-Type": "text/csv"}
        return httpx.post(path, content=body, headers=kind, trust_env=False, timeout=PATIENCE)

    for _ in range(5):
        answer = upload(proxy, chunks())
        if answer.status_code != 503:  # what a busy machine answers where a request waited for a thread
            break
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    alone = Proxy(tmp_path / "alone", "127.0.0.1:1", {"EBB_UPLOAD_BYTES": str(UPLOAD_BYTES)})
    try:
        for body in (b"a,b\n" * (UPLOAD_BYTES // 4), chunks()):
            answer = upload(alone, body)
            assert (answer.status_code, answer.json()["status"]) == (503, 503)
            assert answer.headers["Retry-After"] == "1"
    finally:
        alone.stop()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (SCORE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400),
        (SCORE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (SCORE + b"Transfer-Encoding: gzip\r\n\r\n{}", 501),
    ],
)
def test_a_malformed_request_is_refused_as_a_problem(proxy: Proxy, sent: bytes, status: int) -> None:
    with connect(proxy) as connection:
        connection.sendall(sent)
        told, headers, body = head(connection)
    assert (told, headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(body)["status"] == status
    assert json.loads(body)["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 150, 200),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: \x01\r\nX_Y: 1\r\nExpect: tea\r\nContent-Type: a\r\n", 200),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X-Forwarded-For: " + b"1" * 7900 + b"\r\n", 200),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + (b"X-Forwarded-For: " + b"1" * 7900 + b"\r\n") * 3, 200),
        (b"GET /livez?" + b"a" * 7900 + b" HTTP/1.1\r\nHost: localhost\r\n", 422),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nAuthorization: \x7f\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: a\x08\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n", 400),
        (b"GET /v1/jobs/01890000-0000-7000-8000-000000000000/events?\xff HTTP/1.1\r\nHost: localhost\r\n", 400),
        (b"POST /v1/datasets?\xff HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n", 400),
        (b"A" * 21 + b" /livez HTTP/1.1\r\nHost: localhost\r\n", 400),
        (b"AB /livez HTTP/1.1\r\nHost: localhost\r\n", 400),
        (b"AB /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nno chunk", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nIf-Match: 1\r\n", 412),
    ],
)
def test_requests_that_gunicorn_refuses_in_html_are_passed_cleaned_or_are_problems(
    proxy: Proxy, sent: bytes, status: int
) -> None:
    with connect(proxy) as connection:
        connection.sendall(sent + b"\r\n")
        told, headers, body = head(connection)
    assert told == status, body
    if status >= 400:
        assert (headers["content-type"], json.loads(body)["status"]) == ("application/problem+json", status)


def test_the_proxy_passes_each_header_that_the_service_reads_and_looks_for_control_characters_in_it() -> None:
    passed = dict(re.findall(r"^ +proxy_set_header (\S+) +(\S+);", CONFIGURATION, re.MULTILINE))
    variables = {f"$http_{name.lower().replace('-', '_')}" for name in READ}
    assert variables <= set(passed.values())
    [looked_at] = re.findall(r'map "\$request_method \$request_uri\n([^"]+)" \$is_no_request', CONFIGURATION)
    assert set(re.findall(r"\$\w+", looked_at)) == variables | {"$http_x_forwarded_for"}
    source = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))
    names = re.findall(r'headers\.get\("([\w-]+)"', source) + [
        header.name for route in ROUTES for header in route.headers
    ]
    assert set(names) <= READ | {"Host", "X-Request-Start"}


@pytest.mark.parametrize(
    ("method", "path", "kind", "body", "status"),
    [
        ("GET", "/nowhere", "", b"", 404),
        ("DELETE", "/v1/jobs", "", b"", 405),
        ("POST", "/v1/models/churn/score", "application/json", b"{", 404),
        ("POST", "/v1/jobs/training", "application/json", b"{", 400),
        ("POST", "/v1/jobs/training", "application/json", b"{}", 422),
        ("POST", "/v1/jobs/training", "text/html", b"{}", 415),
        ("POST", "/v1/jobs/training", "application/json", b" " * (16 * 2**20 + 1), 413),
    ],
)
def test_problems_of_the_service_pass_as_they_are(  # noqa: PLR0917 - a case a parameter
    proxy: Proxy, server: Running, method: str, path: str, kind: str, body: bytes, status: int
) -> None:
    sent = {"Content-Type": kind, "X-Request-ID": "mine"}
    direct, proxied = (
        httpx.request(method, url + path, content=body, headers=sent, trust_env=False, timeout=PATIENCE)
        for url in (server.url, proxy.url)
    )
    assert (direct.status_code, direct.content) == (status, proxied.content)
    assert proxied.headers["Content-Type"] == "application/problem+json"


def test_an_unreachable_service_is_a_problem_with_retry_after(tmp_path: Path) -> None:
    alone = Proxy(tmp_path / "alone", "127.0.0.1:1", {})
    try:
        answer = httpx.get(f"{alone.url}/livez", trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
        assert answer.headers["Retry-After"] == "1"
    finally:
        alone.stop()


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


@pytest.mark.parametrize(("proxies", "client"), [(1, "127.0.0.1"), (2, "203.0.113.9")])
def test_the_client_is_the_one_that_the_last_of_our_own_proxies_names(
    tmp_path: Path, sqlite_template: Path, proxies: int, client: str
) -> None:
    """The client invented the first address; a TLS proxy before nginx added the second."""
    (tmp_path / "ebb.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{tmp_path / 'ebb.db'}"
    settings = Settings(home=tmp_path, database_url=url, port=0, proxies=proxies, web_processes=1, web_threads=4)
    with served(settings) as running:
        before = Proxy(tmp_path / "proxy", running.url.removeprefix("http://"), {})
        try:
            sent = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
            assert (
                httpx.get(f"{before.url}/v1/jobs", headers=sent, trust_env=False, timeout=PATIENCE).status_code == 200
            )
        finally:
            before.stop()
    (line,) = (json.loads(line) for line in running.lines if "/v1/jobs" in line)
    assert line["client"] == client
