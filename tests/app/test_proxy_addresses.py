"""The proxy and the addresses of web containers: one that starts, and names whose addresses change."""

import shutil
import time
from pathlib import Path

import httpx
import psutil
import pytest

from ebb.supervisor import free_port
from tests.app.proxied import proxied, settings_behind
from tests.app.running import CALM_SECONDS, PATIENCE, Running, served
from tests.parts.nginx import nginx_path

LOOK_SECONDS = 2  # between two looks of deploy/proxy.sh at the addresses


def submit(url: str) -> int:
    """Send a request that must not be sent twice, and return its status."""
    return httpx.post(f"{url}/v1/jobs/training", json={}, trust_env=False, timeout=PATIENCE).status_code


def suspended(server: Running) -> list[psutil.Process]:
    """Stop the processes of a server before they have loaded the application."""
    until = time.monotonic() + PATIENCE
    while not (processes := psutil.Process(server.process.pid).children()):
        assert time.monotonic() < until
    for process in processes:
        process.suspend()
    return processes


def test_the_proxy_skips_a_server_that_is_still_loading(server: Running, tmp_path: Path, sqlite_template: Path) -> None:
    port = free_port()
    both = f"{server.url.removeprefix('http://')} max_conns=64; server 127.0.0.1:{port}"
    starting = settings_behind(tmp_path / "starting", sqlite_template, port=port)
    with proxied(tmp_path, both) as proxy, served(starting) as other:
        loading = suspended(other)
        with pytest.raises(httpx.ConnectError):
            submit(other.url)
        begun = time.monotonic()
        assert [submit(proxy.url) for _ in range(10)] == [422] * 10
        assert time.monotonic() - begun < 10 * CALM_SECONDS
        for process in loading:
            process.resume()
        until = time.monotonic() + PATIENCE
        while "POST /v1/jobs/training 422" not in "".join(other.lines):
            assert submit(proxy.url) == 422
            assert time.monotonic() < until, "the other server gets no requests"
        assert submit(proxy.url) == 422


class Tools:
    """Plays the two programs that deploy/proxy.sh asks: `getent` for addresses, and an nginx before 1.27.3."""

    def __init__(self, folder: Path, path: str) -> None:
        folder.mkdir()
        self._answer = folder / "addresses"
        self._program(folder / "getent", f'cat "{self._answer}"')
        told = 'case "$*" in -v) echo "nginx version: nginx/1.26.3" >&2;;'
        self._program(folder / "nginx", f'{told} *) exec {shutil.which("nginx", path=path)} "$@";; esac')
        self.path = f"{folder}:{path}"

    @staticmethod
    def _program(path: Path, script: str) -> None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def tell(self, *lines: str) -> None:
        self._answer.write_text("".join(f"{line}\n" for line in lines))


def test_an_older_nginx_reads_its_configuration_again_when_addresses_change_and_only_then(
    server: Running, tmp_path: Path
) -> None:
    tools = Tools(tmp_path / "tools", nginx_path())
    tools.tell("127.0.0.1 STREAM localhost", "127.0.0.1 DGRAM")
    port = server.url.rpartition(":")[2]
    with proxied(tmp_path / "proxy", f"localhost:{port}", PATH=tools.path) as proxy:

        def answering() -> set[int]:
            """The processes that nginx has for requests; after a reload there are others."""
            master = psutil.Process(int((tmp_path / "proxy" / "nginx.pid").read_text()))
            return {child.pid for child in master.children() if child.name() == "nginx"}

        before = answering()
        tools.tell("127.0.0.1 DGRAM localhost", "127.0.0.1 STREAM")
        time.sleep(2 * LOOK_SECONDS + 0.5)
        assert answering() == before
        tools.tell()
        time.sleep(LOOK_SECONDS + 0.5)
        assert answering() == before, "no address is no news: the name server is away"
        tools.tell("127.0.0.1 STREAM localhost", "127.0.0.2 STREAM")
        until = time.monotonic() + PATIENCE
        while answering() & before:
            assert submit(proxy.url) == 422
            assert time.monotonic() < until
