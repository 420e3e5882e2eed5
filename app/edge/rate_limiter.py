"""Rate limiter: requests a minute by API key or address, counted in Redis for all processes and containers.

A process takes requests out of a large quota in blocks of a hundredth, so that few requests wait for Redis. A block
that is not used up within seconds is lost. While Redis does not answer, each process counts by itself.

Source: the sliding window counter of the library `limits`.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""How long to wait for Redis; after that this process counts by itself for `ALONE_SECONDS`."""
ALONE_SECONDS = 10.0
"""How long a process counts by itself before it asks Redis again."""

BLOCKS = 100
"""How many blocks a quota is taken in; a quota below two hundred is taken one by one."""
BLOCK_SECONDS = 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class Usage:
    """A limit as a request found it: whether the request is within it, how many are left, and when there are more.

    Units: `more_in_s` in whole seconds, at least 1.
    """

    allowed: bool
    quota: int
    remaining: int
    more_in_s: int


@dataclass
class _Block:
    """Requests that this process has taken out of a quota already."""

    usage: Usage
    left: int
    until: float


class RateLimiter:
    """Counts requests by a name, such as that of a key or an address; without `redis_url` for this process alone."""

    def __init__(self, redis_url: str = "", alone_seconds: float = ALONE_SECONDS) -> None:
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(_storage(redis_url)) if redis_url else None
        self._alone_seconds = alone_seconds
        self._alone_until = 0.0
        self._blocks: dict[tuple[str, str, int], _Block] = {}
        self._lock = threading.Lock()

    def count(self, kind: str, name: str, quota: int) -> Usage:
        """Count a request, unless the quota of the last minute is used up."""
        size = quota // BLOCKS
        if size < 2:
            return self._usage(kind, name, quota, SlidingWindowCounterRateLimiter.hit)
        with self._lock:
            block = self._blocks.get((kind, name, quota))
            if block is None or not block.left or time.monotonic() > block.until:
                usage = self._usage(kind, name, quota, SlidingWindowCounterRateLimiter.hit, size)
                if not usage.allowed:  # fewer than a block are left
                    return self._usage(kind, name, quota, SlidingWindowCounterRateLimiter.hit)
                block = _Block(usage, size, time.monotonic() + BLOCK_SECONDS)
                self._blocks[kind, name, quota] = block
            block.left -= 1
            found = block.usage
            return Usage(True, quota, found.remaining + block.left, found.more_in_s)

    def look(self, kind: str, name: str, quota: int) -> Usage:
        """Return what counting a request would find, and count nothing."""
        return self._usage(kind, name, quota, SlidingWindowCounterRateLimiter.test)

    def _usage(self, kind: str, name: str, quota: int, ask: Callable[..., bool], cost: int = 1) -> Usage:
        item = RateLimitItemPerMinute(quota)

        def found(limiter: SlidingWindowCounterRateLimiter) -> Usage:
            allowed = ask(limiter, item, kind, name, cost=cost)
            reset_at, remaining = limiter.get_window_stats(item, kind, name)
            return Usage(allowed, quota, max(0, remaining), max(1, math.ceil(reset_at - time.time())))

        return self._asked(found)

    def _asked(self, found: Callable[[SlidingWindowCounterRateLimiter], T]) -> T:
        if self._shared is not None and time.monotonic() >= self._alone_until:
            try:
                return found(self._shared)
            except StorageError as error:
                self._alone_until = time.monotonic() + self._alone_seconds
                log.warning("this process counts requests by itself: Redis does not answer: %s", error)
        return found(self._alone)


def _storage(redis_url: str) -> RedisStorage:
    return RedisStorage(
        # Celery's name of a socket's scheme is not that of Redis' client.
        redis_url.replace("redis+socket://", "redis+unix://", 1),
        key_prefix="ebb:limits",
        wrap_exceptions=True,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # limits declares fewer types than it passes on
    )
