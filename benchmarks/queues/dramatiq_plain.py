"""Dramatiq over Redis, one thread a worker; it acknowledges late by itself."""

import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from queues.done import client, tell

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
    tell(number)


def send(number: int) -> None:
    """Have it done."""
    nothing.send(number)
