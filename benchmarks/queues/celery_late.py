"""Celery as its guide recommends it for work that must not be lost: late acknowledgement, prefetch of one."""

import os
import sys
from urllib.parse import quote

from celery import Celery

from queues.noop_job import SOCKET, record_start

app = Celery("bench", broker=f"redis+socket://{quote(os.environ[SOCKET])}", set_as_current=False)
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)
app.conf.broker_connection_retry_on_startup = True

WORKER = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "queues.celery_late", "-q", "worker", "-c", "1"]
WORKER += ["-l", "ERROR", "--without-gossip", "--without-mingle", "-n"]  # and a name


@app.task(name="bench.nothing")
def nothing(number: int) -> None:
    """Do nothing."""
    record_start(number)


def send(number: int) -> None:
    """Send a job."""
    nothing.delay(number)
