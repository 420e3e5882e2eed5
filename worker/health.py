"""`python -m worker.health`: exit code 0 while a worker of this host can take jobs, for container health checks.

It checks that the broker answers, and that a sweeper of this host registered its worker lately, which also takes the
database.
"""

import socket
import sys

from store.broker import broker_url
from store.database import open_database
from store.doorbell import CeleryDoorbell
from store.errors import StoreError
from store.settings import Settings, read_settings
from store.workers import count_alive


def main() -> int:
    """Check once, and print what is wrong."""
    try:
        settings = read_settings()
        problem = _problem(settings)
        CeleryDoorbell(broker_url(settings)).ping()
    except StoreError as error:
        problem = str(error)
    if problem:
        print(f"ebb worker: {problem}", file=sys.stderr)
    return 1 if problem else 0


def _problem(settings: Settings) -> str:
    database = open_database(settings.database_url, pool_size=1)
    try:
        with database.read() as connection:
            alive = count_alive(connection, within_seconds=settings.alive_seconds, host=socket.gethostname())
    finally:
        database.close()
    return "" if alive else f"no worker of this host was seen in the last {settings.alive_seconds:g} seconds"


if __name__ == "__main__":
    sys.exit(main())
