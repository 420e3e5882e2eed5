"""Whatever is refused behind the proxy is a problem (RFC 9457), by the service or by the proxy itself."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.edge.responses import SECURITY_HEADERS
from app.server.route_table import ROUTES
from tests.app.proxied import SCORE, UPLOAD, UPLOAD_BYTES, connect, head, proxied
from tests.app.running import PATIENCE, Running
from tests.parts.nginx import ROOT, Proxy

CONFIGURATION = (ROOT / "deploy" / "nginx.conf").read_text()
READ = {  # by the service, or for it by Flask
    *("Accept", "Authorization", "Content-Encoding", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"),
    *("If-Modified-Since", "If-Range", "If-Unmodified-Since", "Last-Event-ID", "Origin", "Range", "X-Request-ID"),
    *("Accept-Encoding", "Cookie", "Sec-Fetch-Site"),
}


def test_a_body_with_too_large_a_length_is_refused_before_it_arrives(proxy: Proxy) -> None:
    for sent, most in ((UPLOAD, f"{UPLOAD_BYTES} bytes"), (SCORE, "16 MiB")):
        with connect(proxy) as connection:
            connection.sendall(sent + b"Content-Length: 10000000000000\r\n\r\n")
            status, headers, body = head(connection)
            assert (status, headers["content-type"]) == (413, "application/problem+json")
            assert most in json.loads(body)["detail"]


def test_the_refusal_of_a_large_upload_is_a_problem(proxy: Proxy, tmp_path: Path) -> None:
    """A body longer than requests of other addresses may have is under way already when it is refused."""

    def chunks() -> Iterator[bytes]:
        yield from (b"a,b\n" * 250_000 for _ in range(UPLOAD_BYTES // 1_000_000 + 5))

    def upload(to: Proxy, body: bytes | Iterator[bytes]) -> httpx.Response:
        path, kind = f"{to.url}/v1/datasets?target=churned", {"Content-Type": "text/csv"}
        return httpx.post(path, content=body, headers=kind, trust_env=False, timeout=PATIENCE)

    answer = upload(proxy, chunks())
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    with proxied(tmp_path, "127.0.0.1:1") as alone:
        for body in (b"a,b\n" * (UPLOAD_BYTES // 4), chunks()):
            answer = upload(alone, body)
            assert (answer.status_code, answer.json()["status"]) == (503, 503)
            assert answer.headers["Retry-After"] == "1"


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
def test_a_request_that_is_none_is_refused_as_a_problem(proxy: Proxy, sent: bytes, status: int) -> None:
    with connect(proxy) as connection:
        connection.sendall(sent)
        told, headers, body = head(connection)
    assert (told, headers["content-type"]) == (status, "application/problem+json")
    assert json.loads(body)["status"] == status
    assert json.loads(body)["request_id"] == headers["x-request-id"]
    assert {name.lower(): value for name, value in SECURITY_HEADERS.items()}.items() <= headers.items()


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
        (b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nIf-Match: 1\r\n", 412),
    ],
)
def test_what_gunicorn_would_refuse_in_html_is_passed_as_it_can_read_it_or_refused_as_a_problem(
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
def test_the_proxy_passes_problems_of_the_service_unchanged(  # noqa: PLR0917 - a case a parameter
    proxy: Proxy, server: Running, method: str, path: str, kind: str, body: bytes, status: int
) -> None:
    sent = {"Content-Type": kind, "X-Request-ID": "mine"}
    direct, proxied = (
        httpx.request(method, url + path, content=body, headers=sent, trust_env=False, timeout=PATIENCE)
        for url in (server.url, proxy.url)
    )
    assert (direct.status_code, direct.content) == (status, proxied.content)
    assert proxied.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/datasets?target=churned", "/v1/models/churn/score"])
def test_an_answer_that_comes_before_the_end_of_the_body_reaches_the_client(proxy: Proxy, path: str) -> None:
    """Of the service's answers two in five were lost: it closed the connection while the proxy was writing."""
    body = b"a" * 10_000_000
    with httpx.Client(trust_env=False, timeout=PATIENCE, headers={"Content-Type": "text/html"}) as client:
        told = [client.post(proxy.url + path, content=body).status_code for _ in range(50)]
    assert Counter(told) == {415: 50}


def test_a_service_that_is_gone_is_told_as_a_problem_with_a_time_to_come_back(tmp_path: Path) -> None:
    with proxied(tmp_path, "127.0.0.1:1") as alone:
        answer = httpx.get(f"{alone.url}/livez", trust_env=False, timeout=PATIENCE)
        assert (answer.status_code, answer.json()["title"]) == (503, "Service Unavailable")
        assert answer.headers["Retry-After"] == "1"
