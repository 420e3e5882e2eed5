"""A job that does nothing but record its start."""

import os
import time
from functools import cache

import redis

SOCKET = "BENCH_SOCKET"
DONE = "bench:done"


@cache
def _client(process: int) -> redis.Redis:
    return client()


def client() -> redis.Redis:
    """Return a client of the benchmark's broker."""
    return redis.Redis(unix_socket_path=os.environ[SOCKET])


def record_start(number: int) -> None:
    """Record the start of this job. A forked process uses its own connection."""
    _client(os.getpid()).rpush(DONE, f"{number} {time.time()}")
