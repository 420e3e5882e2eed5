"""Processes that share a Redis share a rate limit. Without Redis each counts alone."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.limits.rate_limiter import BLOCKS, RateLimiter
from store.broker import Broker
from tests.parts.valkey import start_valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Broker]:
    """A private Redis, which the test may stop."""
    server = start_valkey(tmp_path)
    yield server
    server.stop()


def allowed(limiter: RateLimiter, quota: int, times: int, name: str = "0badcafe") -> int:
    return sum(limiter.count("key", name, quota).allowed for _ in range(times))


@pytest.mark.parametrize("quota", [1, 7, 150, 1000])
def test_a_quota_may_be_used_at_once_and_not_exceeded(broker: Broker, quota: int) -> None:
    limiter = RateLimiter(broker.url)
    assert allowed(limiter, quota, quota + 50) == quota
    assert allowed(limiter, quota, 1, "another") == 1


def test_the_remaining_quota_is_reported() -> None:
    limiter = RateLimiter()
    told = [limiter.count("key", "0badcafe", 4) for _ in range(5)]
    assert [one.remaining for one in told] == [3, 2, 1, 0, 0]
    assert [one.allowed for one in told] == [True, True, True, True, False]
    assert all(1 <= one.more_in_s <= 60 for one in told)


def test_the_remaining_part_of_a_large_quota_is_reported_for_each_request() -> None:
    limiter = RateLimiter()
    told = [limiter.count("key", "0badcafe", 1000).remaining for _ in range(25)]
    assert told == list(range(999, 974, -1))


@pytest.mark.parametrize("quota", [20, 5000])
def test_processes_that_share_a_redis_share_a_quota(broker: Broker, quota: int) -> None:
    limiters = [RateLimiter(broker.url) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        counted = list(pool.map(lambda n: limiters[n % 3].count("key", "0badcafe", quota).allowed, range(2 * quota)))
    assert quota - len(limiters) * (quota // BLOCKS) <= sum(counted) <= quota


def test_looking_counts_nothing(broker: Broker) -> None:
    limiter = RateLimiter(broker.url)
    assert all(limiter.look("key", "0badcafe", 3).allowed for _ in range(10))
    assert allowed(limiter, 3, 5) == 3
    assert not limiter.look("key", "0badcafe", 3).allowed


def test_without_redis_it_counts_alone_and_then_returns_to_redis(valkey: Broker, tmp_path: Path) -> None:
    limiter, other = RateLimiter(valkey.url, alone_seconds=0.5), RateLimiter(valkey.url)
    assert allowed(limiter, 10, 4) == 4
    valkey.stop()
    begun = time.monotonic()
    assert allowed(limiter, 10, 20) == 10, "a quota of this process alone"
    assert time.monotonic() - begun < 5, "each request waited for Redis"
    again = start_valkey(tmp_path)
    try:
        time.sleep(0.6)
        assert allowed(limiter, 10, 20) + allowed(other, 10, 20) == 6, "what Redis kept of the quota"
    finally:
        again.stop()


def test_a_frozen_redis_delays_one_request_shortly(valkey: Broker) -> None:
    limiter = RateLimiter(valkey.url)
    assert allowed(limiter, 10, 1) == 1
    assert valkey.process is not None
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert allowed(limiter, 10, 5) == 5
        assert time.monotonic() - begun < 4
    finally:
        valkey.process.send_signal(signal.SIGCONT)


def test_a_frozen_redis_does_not_delay_keys_with_quota_left(valkey: Broker) -> None:
    limiter = RateLimiter(valkey.url)
    assert limiter.count("key", "with a block", 1000).allowed
    assert valkey.process is not None
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(limiter.count, "key", "without one", 1000)
            time.sleep(0.2)
            assert allowed(limiter, 1000, 5, "with a block") == 5
            assert not waiting.done(), "they waited for Redis, too"
            assert waiting.result().allowed
    finally:
        valkey.process.send_signal(signal.SIGCONT)
