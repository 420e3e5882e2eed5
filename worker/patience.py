"""Reading and writing through an outage of the database, as long as anybody could want it."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from store.database import Connection, Database
from store.errors import DatabaseError

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 600.0
PAUSE_SECONDS = 1.0


def write_patiently(database: Database, work: Callable[[Connection], T]) -> T:
    """Write as `database.write` does, and go on trying while the database is away.

    Nothing is at risk meanwhile: should the lease run out and another worker take the job, the write is refused.

    Raises: whatever `work` raises; DatabaseError after ten minutes.
    """
    return patiently(lambda: database.write(work))


def patiently(work: Callable[[], T]) -> T:
    """Do what needs the database, and do it again while that is away.

    Raises: whatever `work` raises; DatabaseError after ten minutes.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except DatabaseError as error:
            if time.monotonic() > give_up:
                raise
            log.warning("the database is away, trying again: %s", error)
            time.sleep(PAUSE_SECONDS)
