"""RQ. It forks a process for each job."""

import sys

from rq import Queue, Worker

from queues.noop_job import client

queue = Queue("bench", connection=client())

WORKER = [sys.executable, "-m", "queues.rq_plain"]


def send(number: int) -> None:
    """Send a job."""
    queue.enqueue("queues.noop_job.record_start", number, result_ttl=0)


if __name__ == "__main__":
    Worker([queue], connection=client()).work(logging_level="ERROR")
