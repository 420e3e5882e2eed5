"""The rate limit of API keys: 429 beyond it, and on every answer how many requests are left.

Source: RateLimit header fields, draft-ietf-httpapi-ratelimit-headers-10.
"""

from app.edge.hooks import Hooks
from app.edge.rate_limiter import RateLimiter
from app.edge.request_context import Exchange
from app.errors import TooManyRequestsError

POLICY = "key"


def install(hooks: Hooks, limiter: RateLimiter, requests_per_minute: int) -> None:
    """Count every request that came with a key.

    `requests_per_minute` is for keys without a number of their own; 0 is no limit.
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
