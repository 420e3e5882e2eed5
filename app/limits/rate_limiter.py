"""The rate limiter: requests a minute by API key or address, counted in Redis for all processes and containers.

A process takes a large quota in blocks of a hundredth, so that few requests wait for Redis. A block that is not used
within seconds is lost. During an outage of Redis, each process counts by itself.

Source: the sliding window counter of the library `limits`.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

ANSWER_SECONDS = 1.0
"""The timeout of Redis; after it this process counts by itself for `ALONE_SECONDS`."""
ALONE_SECONDS = 10.0
"""The time in which a process counts by itself before it asks Redis again."""

BLOCKS = 100
"""The number of blocks of a quota; a quota below two hundred is counted one by one."""
BLOCK_SECONDS = 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class Usage:
    """The state of a limit: whether the request is within it, how many are left, and when there are more.

    Units: `more_in_s` in whole seconds, at least 1.
    """

    allowed: bool
    quota: int
    remaining: int
    more_in_s: int


@dataclass
class _Block:
    """Requests of a quota that this process may answer without asking Redis."""

    usage: Usage
    left: int
    until: float


_Place = tuple[str, str, int]
"""A counter: its policy, its name and its quota."""


class RateLimiter:
    """Counts requests by a name, such as a key id or an address; without `redis_url` for this process alone."""

    def __init__(self, redis_url: str = "", alone_seconds: float = ALONE_SECONDS) -> None:
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(_storage(redis_url)) if redis_url else None
        self._alone_seconds = alone_seconds
        self._alone_until = 0.0
        self._blocks: dict[_Place, _Block] = {}
        self._fetching: set[_Place] = set()
        self._lock = threading.Lock()  # never held while Redis is asked

    def count(self, policy: str, name: str, quota: int) -> Usage:
        """Count a request, unless the quota of the last minute is used up.

        One thread fetches a block; until it is there, others count one by one.
        """
        place, size = (policy, name, quota), quota // BLOCKS
        with self._lock:
            if (usage := self._taken(place)) is not None:
                return usage
            fetch = size >= 2 and place not in self._fetching
            if fetch:
                self._fetching.add(place)
        if fetch and (usage := self._fetched(place, size)) is not None:
            return usage
        return self._usage(*place, SlidingWindowCounterRateLimiter.hit)

    def _taken(self, place: _Place) -> Usage | None:
        """Take a request out of the block, if there is one with some left."""
        block = self._blocks.get(place)
        if block is None or not block.left or time.monotonic() > block.until:
            return None
        block.left -= 1
        return replace(block.usage, remaining=block.usage.remaining + block.left)

    def _fetched(self, place: _Place, size: int) -> Usage | None:
        """Fetch a block and take a request out of it; None if fewer than a block are left."""
        try:
            usage = self._usage(*place, SlidingWindowCounterRateLimiter.hit, size)
        finally:
            with self._lock:
                self._fetching.discard(place)
        if not usage.allowed:
            return None
        with self._lock:
            self._blocks[place] = _Block(usage, size, time.monotonic() + BLOCK_SECONDS)
            return self._taken(place)

    def look(self, policy: str, name: str, quota: int) -> Usage:
        """Return the usage without counting a request."""
        return self._usage(policy, name, quota, SlidingWindowCounterRateLimiter.test)

    def _usage(self, policy: str, name: str, quota: int, ask: Callable[..., bool], cost: int = 1) -> Usage:
        item = RateLimitItemPerMinute(quota)

        def found(limiter: SlidingWindowCounterRateLimiter) -> Usage:
            allowed = ask(limiter, item, policy, name, cost=cost)
            reset_at, remaining = limiter.get_window_stats(item, policy, name)
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
