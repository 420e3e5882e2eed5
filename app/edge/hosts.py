"""On loopback, where no key is asked for: refuse what a web page in the user's browser could send.

A page can point its own name at 127.0.0.1 (DNS rebinding), but not change the Host header; and a browser names
the page's origin with every request that could change something.
"""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from app.edge.current import this_request
from app.edge.steps import Steps
from app.errors import ForbiddenError, MisdirectedError


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server bound to `host`.

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


def install(steps: Steps) -> None:
    """Check every request before anything else looks at it."""
    steps.before_request(_check)


def _check() -> None:
    headers = this_request().headers
    host = headers.get("Host", "")
    if not _is_own(host):
        raise MisdirectedError(f"Host {host!r} is not this server; ask for 127.0.0.1, [::1] or localhost")
    origin = headers.get("Origin")
    if origin is not None and _parts(origin).netloc != host:
        raise ForbiddenError(f"a page of {origin!r} may not use this server")


@lru_cache(maxsize=64)
def _is_own(host: str) -> bool:
    return is_loopback(_parts(f"//{host}").hostname or "")


def _parts(url: str) -> SplitResult:
    """Split an address; what is none has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
