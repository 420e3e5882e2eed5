"""The check of Host and Origin on loopback, where no key is required: refuses requests of web pages.

A page can point its own name at 127.0.0.1 (DNS rebinding), but cannot change the Host header. A browser sends the
Origin of the page with every request that could change something.
"""

import re
from functools import lru_cache
from ipaddress import ip_address

from app.edge.exchange import Exchange, Hooks
from app.errors import ForbiddenError, MisdirectedError
from model.names import clipped

_HOST = re.compile(
    r"(?P<name>localhost|[0-9.]+|\[(?P<v6>[0-9a-f:.]*:[0-9a-f:.]*)\])(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.IGNORECASE,
)
HIGHEST_PORT = 65_535


def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to a server bound to `host`.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
        (True, True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def install(hooks: Hooks) -> None:
    """Check every request before authentication."""
    hooks.before_request(_check)


def _check(exchange: Exchange) -> None:
    headers = exchange.request.headers
    host = headers.get("Host", "")
    if not is_own(host):
        raise MisdirectedError(f"Host {clipped(host)!r} is not this server; ask for 127.0.0.1, [::1] or localhost")
    origin = headers.get("Origin")
    if origin is not None and origin.lower() not in (f"{scheme}://{host.lower()}" for scheme in ("http", "https")):
        raise ForbiddenError(f"a page of {clipped(origin)!r} may not use this server")


@lru_cache(maxsize=64)
def is_own(host: str) -> bool:
    """Return whether a Host header is an address or name of loopback, with or without a port.

    Source: RFC 9110, 7.2; an empty port and a trailing dot are refused, because no client sends them.
    Example:
        >>> [is_own(host) for host in ("127.0.0.1:8000", "[::1]", "localhost")]
        [True, True, True]
        >>> [is_own(host) for host in ("evil@127.0.0.1", "127.0.0.1:80:80", "localhost.", "127.0.0.1:0", "::1")]
        [False, False, False, False, False]
    """
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or HIGHEST_PORT) > HIGHEST_PORT:
        return False
    return is_loopback(found["v6"] or found["name"])
