"""Measures the peers: the start latency of a job, and the jobs a second of one worker and of two."""

import importlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from queues.noop_job import DONE, client
from queues.waiting import stop

BENCHMARKS = Path(__file__).resolve().parents[1]
PEERS = {"Celery, acks_late": "celery_late", "dramatiq": "dramatiq_plain", "RQ": "rq_plain"}
LATENCIES, JOBS = 100, 300  # at most
LONGEST_SECONDS = 8.0  # approximate duration of each measurement
PATIENCE_SECONDS = 60


def load(name: str) -> ModuleType | None:
    """Return a peer, or None if it is not installed."""
    try:
        return importlib.import_module(f"queues.{PEERS[name]}")
    except ModuleNotFoundError:
        return None


@contextmanager
def workers(peer: ModuleType, count: int) -> Iterator[None]:
    """Run workers, each of which has started a job before the measurement."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(BENCHMARKS), str(BENCHMARKS.parent)])}
    named = [[f"w{number}"] if "celery" in peer.__name__ else [] for number in range(count)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen([*peer.WORKER, *name], cwd=BENCHMARKS, env=environ, **silent) for name in named]
    try:
        time.sleep(6.0)  # the peers report in different ways that they are ready
        run(peer, 20)
        yield
    finally:
        stop(started)


def run(peer: ModuleType, jobs: int) -> float:
    """Send jobs; return the time until the last one started."""
    redis, begun = client(), time.time()
    for number in range(jobs):
        peer.send(number)
    return max(_next(redis) for _ in range(jobs)) - begun


def jobs_a_second(peer: ModuleType) -> float:
    """Send jobs at once, for at most some seconds of work; return the number that started in a second."""
    rate = 20 / run(peer, 20)
    jobs = max(20, min(JOBS, int(rate * LONGEST_SECONDS)))
    return jobs / run(peer, jobs)


def latencies(peer: ModuleType) -> list[float]:
    """Send jobs one by one to an idle worker; return the time until each started."""
    redis, found, give_up = client(), list[float](), time.monotonic() + 2 * LONGEST_SECONDS
    for number in range(LATENCIES):
        if time.monotonic() > give_up:
            break
        sent = time.time()
        peer.send(number)
        found.append(_next(redis) - sent)
    return found


def _next(redis: object) -> float:
    told = redis.blpop(DONE, timeout=PATIENCE_SECONDS)
    if told is None:
        raise SystemExit(f"a job of a peer did not begin within {PATIENCE_SECONDS} s; nothing was written")
    return float(told[1].split()[1])
