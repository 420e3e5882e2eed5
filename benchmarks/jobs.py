"""How soon a job begins, how many are done, what storing progress costs, and how long a killed worker is missed.

python benchmarks/jobs.py

Beside Celery with late acknowledgement, dramatiq and RQ, over one and the same broker, where they are installed.
"""

import os
import tempfile
from pathlib import Path

from pages import machine, table, write_section
from queues.done import SOCKET

from store.broker import open_broker, socket_path
from store.settings import Settings

JOBS, AT_ONCE, REQUESTS, STORING_SECONDS = 40, 16, 200, 30.0


def spread(seconds: list[float]) -> tuple[str, str]:
    """The median and the 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1e3:.3g}", f"{ordered[(len(ordered) * 99) // 100] * 1e3:.3g}"


def of_peers() -> tuple[list[list[str]], list[str]]:
    """A line of the table for each peer that is installed, and the names of the others."""
    from queues import peers  # noqa: PLC0415 - they read where the broker is when they are imported

    lines, missing = [], []
    for name in peers.PEERS:
        peer = peers.load(name)
        if peer is None:
            missing.append(name)
            continue
        with peers.workers(peer, 1):
            soon = spread(peers.latencies(peer))
            one = peers.JOBS / peers.run(peer, peers.JOBS)
        with peers.workers(peer, 2):
            two = peers.JOBS / peers.run(peer, peers.JOBS)
        lines.append([name, *soon, "", f"{one:.3g}", f"{two:.3g}"])
        print(*lines[-1], sep=" | ", flush=True)
    return lines, missing


def of_ebb(home: Path, socket: str) -> tuple[list[str], list[list[str]]]:
    """Ebb's line of the table, and the lines of what it is asked for."""
    from queues import ebb_jobs, in_process  # noqa: PLC0415 - as above

    service = ebb_jobs.serve(home, socket)
    with service.workers(1):
        claimed, ended = ebb_jobs.latencies(service, JOBS)
        one = ebb_jobs.jobs_a_second(service, AT_ONCE)
    with service.workers(2):
        two = ebb_jobs.jobs_a_second(service, AT_ONCE)
    line = ["Ebb, on SQLite", *spread(claimed), spread(ended)[0], f"{one:.3g}", f"{two:.3g}"]
    print(*line, sep=" | ", flush=True)
    share, epochs = in_process.cost_of_storing(service, STORING_SECONDS)
    missed, lease = ebb_jobs.recovery(service), service.settings.lease_seconds
    median, slow = spread(in_process.answers_without_a_broker(service, REQUESTS))
    service.database.close()
    asked = [
        ["202 while the broker is away, ms, median", median, "50", _verdict(float(median) <= 50)],
        ["the same, 99th percentile", slow, "50", _verdict(float(slow) <= 50)],
        [f"beats and checkpoints in a training of {epochs:,} epochs", f"{share:.2%}", "2%", _verdict(share <= 0.02)],
        [
            "kill -9 of the worker until the next attempt, s",
            f"{missed:.3g}",
            f"{lease + 5:g}",
            _verdict(missed <= lease + 5),
        ],
    ]
    return line, asked


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def main() -> None:
    """Print the tables and write them down."""
    with tempfile.TemporaryDirectory(prefix="ebb-bench-") as folder:
        home = Path(folder)
        broker = open_broker(Settings(home=home))
        os.environ[SOCKET] = str(socket_path(home))
        try:
            peers, missing = of_peers()
            ebb, asked = of_ebb(home, os.environ[SOCKET])
        finally:
            broker.stop()
    head = ["job that does nothing", "begins, ms: p50", "p99", "ended, ms: p50", "jobs/s, one worker", "two workers"]
    words = """Jobs are sent one at a time to an idle worker for the times, and all at once for the rates; a worker
runs one at a time. The others' job is a function that returns; Ebb's is the smallest training there is,
one epoch on forty rows. It begins when a worker has claimed its row, and is then run in a process of
its own, with its own interpreter and NumPy, limited in memory and time, and ends with a version stored:
that start is most of the time until it has ended."""
    absent = f" Not installed here, and therefore missing: {', '.join(missing)}." if missing else ""
    text = f"{table(head, [ebb, *peers])}\n\n{table(['asked for', 'is', 'at most', ''], asked)}\n\n{words}{absent}"
    print(f"{text}\n{machine()}")
    write_section("jobs", f"## Running jobs\n\n{text}\n\n`benchmarks/jobs.py`. {machine()}")


if __name__ == "__main__":
    main()
