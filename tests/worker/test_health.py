"""The health check of a worker container: a registered worker and a broker that answers."""

import os
import socket
import subprocess
import sys

from store.broker import Broker
from store.database import Database
from store.workers import register_worker


def test_healthy_with_a_registered_worker_of_this_host(database: Database, database_url: str, broker: Broker) -> None:
    database.write(lambda connection: register_worker(connection, f"{socket.gethostname()}:7"))
    assert health(database_url, broker.url) == (0, "")


def test_unhealthy_with_a_worker_of_another_host_only(database: Database, database_url: str, broker: Broker) -> None:
    database.write(lambda connection: register_worker(connection, f"{socket.gethostname()}-2:7"))
    code, said = health(database_url, broker.url)
    assert (code, "no worker of this host" in said) == (1, True)


def test_unhealthy_without_a_broker(database: Database, database_url: str) -> None:
    database.write(lambda connection: register_worker(connection, f"{socket.gethostname()}:7"))
    code, said = health(database_url, "redis://127.0.0.1:1/0")
    assert (code, "the broker does not answer" in said) == (1, True)


def health(database_url: str, redis_url: str) -> tuple[int, str]:
    """Run the check like a container; return its exit code and output."""
    environ = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    done = subprocess.run(
        [sys.executable, "-m", "worker.health"], env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr
