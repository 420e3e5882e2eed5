"""Dramatiq over Redis, one thread a worker. It acknowledges late by default."""

import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from queues.noop_job import client, record_start

broker = RedisBroker(client=client())
dramatiq.set_broker(broker)

WORKER = [
    sys.executable,
    "-m",
    "dramatiq",
    "queues.dramatiq_plain",
    "--processes",
    "1",
    "--threads",
    "1",
    "--skip-logging",
]


@dramatiq.actor
def nothing(number: int) -> None:
    """Do nothing."""
    record_start(number)


def send(number: int) -> None:
    """Send a job."""
    nothing.send(number)
