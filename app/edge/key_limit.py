"""The rate limit of API keys: 429 beyond it, and on every answer how many requests are left.

Source: RateLimit header fields, draft-ietf-httpapi-ratelimit-headers-10.
"""

from flask import Response

from app.edge.hooks import Hooks
from app.edge.rate_limiter import RateLimiter, Usage
from app.edge.request_context import kept
from app.errors import TooManyRequestsError
from store.keys import Caller

POLICY = "key"


def install(hooks: Hooks, limiter: RateLimiter, requests_per_minute: int) -> None:
    """Count every request that came with a key.

    `requests_per_minute` is for keys without a number of their own; 0 is no limit.
    """

    def count() -> None:
        here = kept()
        caller: Caller | None = here.get("caller")
        if caller is None or not caller.key_id:
            return
        quota = requests_per_minute if caller.requests_per_minute is None else caller.requests_per_minute
        if quota:
            here.usage = usage = limiter.count(POLICY, caller.key_id, quota)
            if not usage.allowed:
                raise TooManyRequestsError(
                    f"key {caller.key_id} may send {quota} requests a minute; wait a little", usage.more_in_s
                )

    hooks.before_request(count)
    hooks.after_request(_tell)


def _tell(response: Response) -> Response:
    usage: Usage | None = kept().get("usage")
    if usage is not None:
        response.headers.add("RateLimit-Policy", f'"{POLICY}";q={usage.quota};w=60')
        response.headers.add("RateLimit", f'"{POLICY}";r={usage.remaining};t={usage.more_in_s}')
    return response
