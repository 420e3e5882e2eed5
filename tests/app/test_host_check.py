"""On loopback the Host header must name this machine, and the Origin this server."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from app.access.host_check import is_loopback, is_own

NAMES = st.sampled_from(["localhost", "LocalHost", "[::1]", "[0:0:0:0:0:0:0:1]"]) | st.integers(
    int(IPv4Address("127.0.0.0")), int(IPv4Address("127.255.255.255"))
).map(lambda number: str(IPv4Address(number)))
PORTS = st.just("") | st.integers(1, 65_535).map(lambda port: f":{port}")
JUNK = st.text(st.sampled_from("@:/?#[].%\\\t\n ,;+-0x1\u0661\u017fe_\x00"), min_size=1, max_size=3) | st.text(
    min_size=1
)


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@given(NAMES, PORTS)
def test_every_name_of_loopback_is_own_with_and_without_a_port(name: str, port: str) -> None:
    assert is_own(name + port)


def is_plain(host: str) -> bool:
    """Tell whether the header is a loopback address with an optional port, by another method."""
    for port in ("", host.rpartition(":")[2]):
        suffix = f":{port}" if port else ""
        if suffix and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535 and port == str(int(port))):
            continue
        name = host.removesuffix(suffix).lower() if suffix else host.lower()
        if name == "localhost":
            return True
        v6 = name.startswith("[") and name.endswith("]")
        try:
            address = ip_address(name[1:-1] if v6 else name)
        except ValueError:
            continue
        if address.is_loopback and isinstance(address, IPv6Address) == v6 and "%" not in name:
            return True
    return False


@given(NAMES, PORTS, JUNK, st.integers(0, 30))
@example("127.0.0.1", "", "evil@", 0)
@example("127.0.0.1", ":80", ":80", 99)
@example("localhost", "", ".", 9)
@example("localhost", "", ":", 9)
@example("127.0.0.1", "", ":0", 9)
@example("127.0.0.1", "", ":65536", 9)
@example("127.0.0.1", "", ":080", 9)
@example("[::1]", "", "%1", 4)
def test_a_loopback_name_with_additions_is_refused(name: str, port: str, junk: str, at: int) -> None:
    host = (name + port)[:at] + junk + (name + port)[at:]
    assert is_own(host) == is_plain(host)


@given(st.text())
def test_other_texts_are_not_hosts(host: str) -> None:
    assert is_own(host) == is_plain(host)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:8000", "LOCALHOST"])
def test_loopback_answers_to_its_own_names(client: FlaskClient, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "[::1",
        "10.0.0.1",
        "",
        "evil@127.0.0.1",
        "127.0.0.1:80:80",
        "localhost.",
        "127.0.0.1:99999",
    ],
)
def test_a_foreign_host_name_is_refused_by_every_route(client: FlaskClient, host: str) -> None:
    for path in ("/livez", "/v1/jobs", "/nowhere"):
        assert client.get(path, headers={"Host": host}).status_code == 421


def test_beyond_loopback_any_host_name_is_accepted(guarded: FlaskClient) -> None:
    assert guarded.get("/livez", headers={"Host": "churn.example"}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999", "http://[", ""])
def test_a_page_of_another_site_cannot_post_to_loopback(client: FlaskClient, origin: str) -> None:
    headers = {"Origin": origin, "Host": "localhost:8000"}
    assert client.post("/v1/jobs/01890000-0000-7000-8000-000000000000/cancel", headers=headers).status_code == 403
    same = {"Origin": "http://localhost:8000", "Host": "localhost:8000"}
    assert client.post("/v1/jobs/01890000-0000-7000-8000-000000000000/cancel", headers=same).status_code == 404


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_known_by_its_addresses(host: str, yes: bool) -> None:
    assert is_loopback(host) is yes
