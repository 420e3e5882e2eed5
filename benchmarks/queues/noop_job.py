"""What a job that does nothing does: it tells when it began."""

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
    """Note that this job began now; in a forked process, over a connection of its own."""
    _client(os.getpid()).rpush(DONE, f"{number} {time.time()}")
