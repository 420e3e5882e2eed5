"""`python -m app` serves, or prints the reason in one line."""

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from store.database import Database
from store.keys import create_key
from store.settings import Settings
from tests.app.running import PATIENCE, Running, command, served


@pytest.fixture
def settings(tmp_path: Path, sqlite_file: str) -> Settings:
    return Settings(home=tmp_path, database_url=sqlite_file, port=0, web_processes=2)


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    with served(settings) as server:
        yield server


def refused(settings: Settings) -> tuple[int, str]:
    with command(settings) as process:
        try:
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()  # if it serves although it should not
        return process.returncode, said


def test_it_answers_http_and_ends_clean(running: Running) -> None:
    with httpx.Client(base_url=running.url, trust_env=False, timeout=PATIENCE) as client:
        assert client.get("/livez").json() == {"status": "alive"}
        assert client.get("/livez", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/openapi.json").status_code == 200
        body = {"headers": {"Content-Type": "application/json"}, "content": iter([b'{"a":', b"1}"])}
        assert client.post("/v1/jobs/training", **body).status_code == 422
        endless = iter([b" " * 2**20] * 17)
        body = {"headers": {"Content-Type": "application/json"}, "content": endless}
        assert client.post("/v1/models/churn/score", **body).status_code == 413
    assert running.stop() == 0
    assert all(line.startswith("{") for line in running.lines), running.lines
    assert "Traceback" not in "".join(running.lines)


def test_forged_headers_of_clients_are_ignored(running: Running) -> None:
    forged = {"SCRIPT_NAME": "/live", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    answer = httpx.get(f"{running.url}/livez", headers=forged, trust_env=False, timeout=PATIENCE)
    assert answer.json() == {"status": "alive"}
    running.stop()
    assert "192.0.2.1" not in "".join(running.lines)


def test_at_its_start_it_removes_old_interrupted_uploads(settings: Settings) -> None:
    left = settings.artifacts / ".upload-left"
    left.parent.mkdir()
    left.write_bytes(b"some")
    os.utime(left, (0, 0))
    with served(settings):
        assert not left.exists()


LENGTH, CHUNKED = "Content-Length: 30", "Transfer-Encoding: chunked"
TABLE, JSON = ("text/csv", b"a,churned\n1,yes\n2,no\n"), ("application/json", b'{"records": []}')


def broken_off(url: str, path: str, kind: str, header: str, body: bytes) -> str:
    """Send a part of a body and then nothing, and return the answer."""
    at = httpx.URL(url)
    with socket.create_connection((at.host, at.port), timeout=PATIENCE) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{header}\r\n\r\n"
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read().decode()


def test_an_interrupted_body_is_400_and_leaves_no_file(settings: Settings, running: Running) -> None:
    for path, (kind, body) in {
        "/v1/datasets?target=churned": TABLE,
        "/v1/models/churn/score": JSON,
        "/v1/jobs/training": JSON,
    }.items():
        for header, sent in (
            (LENGTH, body),
            (CHUNKED, b"%x\r\n%s" % (len(body) + 9, body)),
            (CHUNKED, b"%x\r\n%s\r\n" % (len(body), body)),  # without the last, empty chunk
            (CHUNKED, b"%x\r\n%s\r\n0\r\n" % (len(body), body)),
        ):
            answer = broken_off(running.url, path, kind, header, sent)
            assert answer.startswith("HTTP/1.1 400 "), (path, sent, answer)
            assert "application/problem+json" in answer
            assert "broke off" in answer
    answer = broken_off(running.url, "/v1/datasets?target=churned", TABLE[0], CHUNKED, b"zz\r\n")
    assert answer.startswith("HTTP/1.1 400 "), answer
    assert "chunked encoding" in answer
    assert "broke off" not in answer
    assert httpx.get(f"{running.url}/v1/datasets", trust_env=False, timeout=PATIENCE).json()["datasets"] == []
    assert [path for path in settings.artifacts.rglob("*") if path.is_file()] == []
    assert "Traceback" not in "".join(running.lines)


def test_a_taken_port_is_one_clear_line(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = refused(replace(settings, port=port))
    assert code == 1
    assert re.fullmatch(rf"ebb app: cannot listen at 127.0.0.1 port {port}: .*EBB_PORT\n", said)


def test_without_keys_it_refuses_to_serve_beyond_loopback(settings: Settings) -> None:
    code, said = refused(replace(settings, host="0.0.0.0"))
    assert code == 1
    assert said.count("\n") == 1
    assert f"`EBB_HOME={settings.home} ebb keys create --name NAME --scope admin`" in said


def test_with_a_key_it_serves_beyond_loopback(settings: Settings, database: Database) -> None:
    key = database.write(lambda connection: create_key(connection, "test", ["read"]))
    with served(replace(settings, host="0.0.0.0")) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        with httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE) as client:
            assert client.get("/v1/jobs").status_code == 401
            assert client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"}).status_code == 200
        assert server.stop() == 0
        assert key not in "".join(server.lines)


def test_tables_of_another_release_are_not_served(settings: Settings, tmp_path: Path) -> None:
    code, said = refused(replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.db'}"))
    assert (code, said.count("\n")) == (1, 1)
    assert "ebb migrate" in said


def test_an_unreachable_broker_is_one_clear_line(
    settings: Settings, tmp_path: Path, sqlite_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("t" * 100)))
    (tmp_path / ("t" * 100)).mkdir()
    code, said = refused(replace(settings, home=tmp_path / ("h" * 100), database_url=sqlite_file))
    assert (code, "Traceback" in said) == (1, False)
    assert "TMPDIR" in said


def test_invalid_settings_are_named(settings: Settings) -> None:
    code, said = refused(replace(settings, port=-5))
    assert code == 2
    assert "EBB_PORT" in said


def test_arguments_are_refused(settings: Settings) -> None:
    with command(settings, "--host", "0.0.0.0") as process:
        assert process.stderr is not None
        assert "--host" in process.stderr.read()
        assert process.wait(PATIENCE) == 2
