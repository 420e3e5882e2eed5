"""The service behind the proxy of docker-compose.yml: a real server and the real nginx."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.settings import Settings
from tests.app.running import PATIENCE
from tests.parts.nginx import Proxy

SCORE = b"POST /v1/models/churn/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
UPLOAD = b"POST /v1/datasets?target=churned HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
UPLOAD_BYTES = 20_000_000


def settings_behind(home: Path, sqlite_template: Path, **changes: Any) -> Settings:
    """Settings of a server that trusts one proxy, with a database of its own."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "ebb.db").write_bytes(sqlite_template.read_bytes())
    chosen = {"port": 0, "proxies": 1, "web_processes": 1, "web_threads": 8, "upload_bytes": UPLOAD_BYTES} | changes
    return Settings(home=home, database_url=f"sqlite:///{home / 'ebb.db'}", **chosen)


@contextmanager
def proxied(folder: Path, service: str, **environ: str) -> Iterator[Proxy]:
    """A proxy before a service at this address, or after `http://`."""
    proxy = Proxy(folder, service.removeprefix("http://"), {"EBB_UPLOAD_BYTES": str(UPLOAD_BYTES)} | environ)
    try:
        yield proxy
    finally:
        proxy.stop()


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
