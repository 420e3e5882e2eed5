"""`ebb serve` and `ebb worker`: run a single part of the service, for containers and service managers."""

import os
import sys

import click

from store.broker import socket_path
from store.child_processes import ONE_BLAS_THREAD
from store.errors import BrokerError
from store.settings import read_settings


@click.command()
@click.option("--host", help="Address to listen at. [default: EBB_HOST or 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen at. [default: EBB_PORT or 8000]")
@click.option("--proxies", type=int, help="Number of proxies before the server. [default: EBB_PROXIES or 0]")
def serve(host: str | None, port: int | None, proxies: int | None) -> None:
    """Run the web server only."""
    _become("app", **read_settings(host=host, port=port, proxies=proxies).environ())


@click.command()
@click.option("--queues", help="Kinds of job to run, separated by commas. [default: EBB_WORKER_QUEUES or all]")
def worker(queues: str | None) -> None:
    """Run a worker only."""
    settings = read_settings(worker_queues=queues)
    if not settings.redis_url and not socket_path(settings.home).exists():
        raise BrokerError(f"no broker runs in {settings.home}; set REDIS_URL, or run `ebb up`, which brings its own")
    _become("worker", **settings.environ())


def _become(package: str, **environ: str) -> None:
    """Replace this process, so that signals and the exit code are those of the program."""
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", package], {**os.environ, **environ, **ONE_BLAS_THREAD})  # noqa: S606 - our own module
