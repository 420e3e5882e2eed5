"""The pages behind the proxy of docker-compose.yml: sessions, origins, event streams, and HTTPS before it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from store.database import open_database
from store.keys import create_key
from tests.app.proxied import proxied, settings_behind
from tests.app.running import PATIENCE, served
from tests.parts.nginx import Proxy
from tests.store.world import epoch, make_world

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder whose database has one running training, and a key, which is in the file `key`."""
    folder = tmp_path_factory.mktemp("proxied")
    shutil.copyfile(sqlite_template, folder / "template.db")
    database = open_database(f"sqlite:///{folder / 'template.db'}")
    world = make_world(database)
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(1)])
    world.alter(mine.job_id, lease_until=world.row(mine.job_id).created_at.replace(year=9999))
    key = database.write(lambda connection: create_key(connection, "test", ["admin"]))
    database.close()
    (folder / "key").write_text(f"{key} {mine.job_id}")
    return folder


@pytest.fixture(scope="module")
def before(home: Path) -> Iterator[Proxy]:
    """The proxy before a server that requires keys."""
    settings = settings_behind(home / "home", home / "template.db", host="0.0.0.0")
    with served(settings) as server, proxied(home / "proxy", server.url.replace("0.0.0.0", "127.0.0.1")) as proxy:
        yield proxy


def client(proxy: Proxy, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=proxy.url, headers=headers, trust_env=False, timeout=PATIENCE)


def test_a_session_passes_the_proxy_with_its_event_streams(before: Proxy, home: Path) -> None:
    key, job = (home / "key").read_text().split()
    with client(before) as browser:
        assert browser.get("/jobs").headers["Location"] == "/login?next=%2Fjobs"
        assert browser.post("/login", data={"key": key}, headers=OWN).status_code == 303
        assert browser.get("/jobs").status_code == 200
        with browser.stream("GET", f"/v1/jobs/{job}/events") as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            assert any(line == "event: epoch" for line in stream.iter_lines())
        path = f"/v1/jobs/{job}/cancel"
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
            assert browser.post(path, headers=headers).status_code == 403
        assert browser.post(path, headers={"Origin": before.url}).status_code == 200
        assert browser.post("/logout", headers=OWN).status_code == 303
        assert browser.get("/v1/jobs").status_code == 401


def test_https_before_the_proxy_makes_the_cookie_secure(before: Proxy, home: Path) -> None:
    key, _ = (home / "key").read_text().split()
    with client(before, **{"X-Forwarded-Proto": "https"}) as browser:
        cookie = browser.post("/login", data={"key": key}, headers=OWN).headers["Set-Cookie"]
    assert cookie.startswith("__Host-ebb=")
    assert "Secure" in cookie


def test_static_files_are_packed_behind_the_proxy(before: Proxy) -> None:
    with client(before, **{"Accept-Encoding": "gzip"}) as browser:
        address = browser.get("/login").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        answer = browser.get(address)
    assert (answer.headers["Content-Encoding"], answer.headers["Content-Type"]) == ("gzip", "text/css; charset=utf-8")
