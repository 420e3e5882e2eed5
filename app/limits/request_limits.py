"""Limits of requests: load shedding, and the rate limit of API keys.

Load shedding refuses a request that waited too long for a thread (503), so that newer ones are answered in time. The
proxy writes the time at which it forwards a request into X-Request-Start; without a proxy there is no load shedding.

Source: RateLimit header fields, draft-ietf-httpapi-ratelimit-headers-10.
"""

import re
import time

from app.edge.exchange import Exchange, Hooks
from app.errors import OverloadedError, TooManyRequestsError
from app.limits.rate_limiter import RateLimiter

ALWAYS_ANSWERED = ("/livez", "/readyz", "/metrics")
POLICY = "key"
_START = re.compile(r"t=(\d{1,12}(?:\.\d{1,9})?)")


def shed_load(hooks: Hooks, most_seconds: float) -> None:
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


def limit_keys(hooks: Hooks, limiter: RateLimiter, requests_per_minute: int) -> None:
    """Count every request with a key; refuse it beyond the key's rate limit, and send what is left with every answer.

    `requests_per_minute` applies to keys without a limit of their own; 0 is no limit.
    """

    def count(exchange: Exchange) -> None:
        caller = exchange.caller
        if not caller.key_id:
            return
        quota = requests_per_minute if caller.requests_per_minute is None else caller.requests_per_minute
        if quota:
            usage = limiter.count(POLICY, caller.key_id, quota)
            left = f'"{POLICY}";r={usage.remaining};t={usage.more_in_s}'
            exchange.headers += ("RateLimit-Policy", f'"{POLICY}";q={quota};w=60'), ("RateLimit", left)
            if not usage.allowed:
                raise TooManyRequestsError(
                    f"key {caller.key_id} may send {quota} requests a minute; wait a little", usage.more_in_s
                )

    hooks.before_request(count)


def waited_seconds(start: str, now: float) -> float:
    """Return how long a request has waited since the proxy wrote this header; 0 if it is missing or malformed.

    Example:
        >>> waited_seconds("t=1700000000.250", 1700000001.0), waited_seconds("soon", 1700000001.0)
        (0.75, 0.0)
    """
    found = _START.fullmatch(start)
    return max(0.0, now - float(found[1])) if found else 0.0
