"""Measures the start latency and throughput of jobs, the cost of progress, and the recovery from a killed worker.

python benchmarks/jobs.py

Compares with Celery (late acknowledgement), dramatiq and RQ on the same broker, if they are installed. Takes about six
minutes.
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pages import machine, table, write_section
from queues.noop_job import SOCKET
from queues.waiting import say

from store.broker import open_broker, socket_path
from store.settings import Settings

if TYPE_CHECKING:
    from queues.ebb_jobs import Service

JOBS, AT_ONCE, REQUESTS, STORING_SECONDS = 20, 20, 200, 30.0
HEAD = ["a job", "begins, ms: p50", "p99", "ended, ms: p50", "jobs/s, one worker", "two workers"]
WORDS = """For the times, jobs are sent one at a time to an idle worker; for the rates, all at once. A worker runs
one job at a time. The job of the other libraries is a function that returns, called in the worker or, by RQ, in a
fork of it. A job of Ebb is a row that is claimed and given to a process of its own, with its own interpreter and
NumPy, limited in memory and time. That process is warm, so an idle worker's next job does not wait for it. The
rates are what starting a process for every job costs. For Ebb's few jobs the 99th percentile is the slowest job.
The refused job ends as soon as it is read. The smallest training is one epoch on forty rows, and ends with a stored
version. Celery, dramatiq and RQ store nothing outside the broker; Ebb's rows are on the disk before a worker is
told of a job."""


def spread(seconds: list[float]) -> tuple[str, str]:
    """Return the median and the 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1e3:.3g}", f"{ordered[(len(ordered) * 99) // 100] * 1e3:.3g}"


def of_peers() -> tuple[list[list[str]], list[str]]:
    """Return a line of the table for each installed peer, and the names of the others."""
    from queues import peers  # noqa: PLC0415 - they read where the broker is when they are imported

    lines, missing = [], []
    for name in peers.PEERS:
        say(name)
        peer = peers.load(name)
        if peer is None:
            missing.append(name)
            continue
        with peers.workers(peer, 1):
            soon = spread(peers.latencies(peer))
            one = peers.jobs_a_second(peer)
        with peers.workers(peer, 2):
            two = peers.jobs_a_second(peer)
        lines.append([f"{name}: a function", *soon, "", f"{one:.3g}", f"{two:.3g}"])
        say(" | ".join(lines[-1]))
    return lines, missing


def of_ebb(home: Path, socket: str, name: str, database_url: str = "") -> tuple[list[list[str]], list[list[str]]]:
    """Return Ebb's lines of the table on one database, and the lines about its goals."""
    from queues import ebb_jobs, in_process  # noqa: PLC0415 - as above

    service = ebb_jobs.serve(home, socket, database_url)
    kinds = {f"Ebb on {name}: refused": ebb_jobs.NOTHING, f"Ebb on {name}: smallest training": ebb_jobs.TINY}
    lines = []
    with service.workers(1):
        for title, spec in kinds.items():
            say(f"{title}, one worker")
            claimed, ended = ebb_jobs.latencies(service, spec, JOBS)
            one = ebb_jobs.jobs_a_second(service, spec, AT_ONCE)
            lines.append([title, *spread(claimed), spread(ended)[0], f"{one:.3g}"])
    with service.workers(2):
        for line, (title, spec) in zip(lines, kinds.items(), strict=True):
            say(f"{title}, two workers")
            line.append(f"{ebb_jobs.jobs_a_second(service, spec, AT_ONCE):.3g}")
            say(" | ".join(line))
    if database_url:
        service.database.close()
        return lines, []
    costs = [_cost_of_storing(service, *training) for training in in_process.TRAININGS.items()]
    missed, lease = ebb_jobs.recovery(service), service.settings.lease_seconds
    say("submitting during an outage of the broker")
    median, slow = spread(in_process.answers_without_a_broker(service, REQUESTS))
    service.database.close()
    killed = "kill -9 of a worker until the next attempt"
    return lines, [
        ["202 during an outage of the broker, ms, median", median, "50", _verdict(float(median) <= 50)],
        ["the same, 99th percentile", slow, "50", _verdict(float(slow) <= 50)],
        *costs,
        [f"{killed}, s", f"{missed:.3g}", f"{lease + 5:g}", _verdict(missed <= lease + 5)],
    ]


def _cost_of_storing(service: "Service", title: str, spec: Mapping[str, object]) -> list[str]:
    from queues import in_process  # noqa: PLC0415 - as above

    say(f"the cost of storing progress: {title}")
    share, epochs = in_process.cost_of_storing(service, spec, STORING_SECONDS)
    what = f"heartbeats and checkpoints in {title}, {epochs:,} epochs on 1,000 rows"
    return [what, f"{share:.2%}", "2%", _verdict(share <= 0.02)]


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def on_postgresql(home: Path, socket: str) -> tuple[list[list[str]], list[str]]:
    """Return Ebb's lines on PostgreSQL if its programs are installed, else the name of the missing package."""
    from queues.postgres import postgres  # noqa: PLC0415 - for whom it is missing

    try:
        with postgres() as url:
            return of_ebb(home, socket, "PostgreSQL", url)[0], []
    except ModuleNotFoundError:
        return [], ["PostgreSQL"]


def main() -> None:
    """Print the tables and write their section."""
    with tempfile.TemporaryDirectory(prefix="ebb-bench-") as folder:
        home = Path(folder)
        broker = open_broker(Settings(home=home))
        os.environ[SOCKET] = str(socket_path(home))
        try:
            peers, missing = of_peers()
            ebb, asked = of_ebb(home, os.environ[SOCKET], "SQLite")
            more, absent = on_postgresql(home / "beside", os.environ[SOCKET])
        finally:
            broker.stop()
    missing += absent
    left_out = f" Missing, because not installed here: {', '.join(missing)}." if missing else ""
    text = f"{table(HEAD, [*ebb, *more, *peers])}\n\n{table(['asked for', 'is', 'at most', ''], asked)}"
    text = f"{text}\n\n{WORDS}{left_out}"
    print(f"{text}\n{machine()}")
    write_section("jobs", f"## Running jobs\n\n{text}\n\n`benchmarks/jobs.py`. {machine()}")


if __name__ == "__main__":
    main()
