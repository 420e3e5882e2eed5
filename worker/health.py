"""`python -m worker.health`: exit code 0 while a worker of this host signs in, for container health checks."""

import socket
import sys

from store.database import open_database
from store.settings import read_settings
from store.workers import count_alive

MISSED_BEATS = 3


def main() -> int:
    """Look once."""
    settings = read_settings()
    database = open_database(settings.database_url)
    with database.read() as connection:
        within = MISSED_BEATS * settings.heartbeat_seconds
        alive = count_alive(connection, within_seconds=within, host=socket.gethostname())
    database.close()
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
