"""/docs shows the contract with files of this server only, and its policy allows no other scripts."""

import re

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def test_the_page_and_all_it_loads_come_from_here(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 5
    for address in loaded:
        if address != "data:,":
            assert address.startswith("/")
            assert not address.startswith("//")
            assert client.get(address).status_code == 200


def test_the_policy_lets_no_script_run_but_our_files(client: FlaskClient) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules["default-src"], rules["script-src"], rules["connect-src"]) == ("'none'", "'self'", "'self'")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", client.get("/docs").text)


def test_the_large_file_is_sent_once(client: FlaskClient) -> None:
    first = client.get("/docs/swagger-ui-bundle.js")
    assert first.mimetype == "text/javascript"
    assert len(first.data) > 1_000_000
    again = client.get("/docs/swagger-ui-bundle.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
