"""Load shedding: a request that has waited too long for a thread gets 503, so that newer ones are answered in time.

The proxy writes the time at which it handed the request on into X-Request-Start; without a proxy there is no check.
"""

import re
import time

from app.edge.hooks import Hooks
from app.edge.request_context import Exchange
from app.errors import OverloadedError

ALWAYS_ANSWERED = ("/livez", "/readyz", "/metrics")
_START = re.compile(r"t=(\d{1,12}(?:\.\d{1,9})?)")


def install(hooks: Hooks, most_seconds: float) -> None:
    """Refuse requests that waited longer; 0 refuses none."""

    def check(exchange: Exchange) -> None:
        request = exchange.request
        waited = waited_seconds(request.headers.get("X-Request-Start", ""), time.time())
        if waited > most_seconds and request.path not in ALWAYS_ANSWERED:
            raise OverloadedError(
                f"the request waited {waited:.1f} s for a thread, and {most_seconds:g} s is the limit; send it again"
            )

    if most_seconds:
        hooks.before_request(check)


def waited_seconds(start: str, now: float) -> float:
    """Return how long a request has waited since the proxy wrote this header; 0 where it is missing or malformed.

    Example:
        >>> waited_seconds("t=1700000000.250", 1700000001.0), waited_seconds("soon", 1700000001.0)
        (0.75, 0.0)
    """
    found = _START.fullmatch(start)
    return max(0.0, now - float(found[1])) if found else 0.0
