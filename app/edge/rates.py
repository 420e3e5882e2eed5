"""Rate limits: 429 for a key that calls more often than it may, and on every answer how much is left."""

import math

from flask import Flask, Response

from app.edge.allowances import Allowance, Allowances
from app.edge.current import kept
from app.errors import TooManyRequestsError
from store.keys import Caller

POLICY = "key"


def install(app: Flask, allowances: Allowances, requests_per_minute: int) -> None:
    """Count every request that came with a key; `requests_per_minute` is for keys that do not say, 0 for no limit."""

    def count() -> None:
        here = kept()
        caller: Caller | None = here.get("caller")
        if caller is None or not caller.key_id:
            return
        quota = requests_per_minute if caller.requests_per_minute is None else caller.requests_per_minute
        if quota:
            here.allowance = allowance = allowances.take(caller.key_id, quota)
            if allowance.refused_for_s is not None:
                raise TooManyRequestsError(f"key {caller.key_id} may send {quota} requests a minute; wait a little")

    app.before_request(count)
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    allowance: Allowance | None = kept().get("allowance")
    if allowance is not None:
        response.headers.add("RateLimit-Policy", f'"{POLICY}";q={allowance.quota};w=60')
        whole_in = math.ceil(allowance.whole_in_s)
        response.headers.add("RateLimit", f'"{POLICY}";r={allowance.remaining};t={whole_in}')
        if allowance.refused_for_s is not None:
            response.headers["Retry-After"] = str(math.ceil(allowance.refused_for_s))
    return response
