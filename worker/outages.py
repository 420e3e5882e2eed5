"""Reading and writing through an outage of the database, as long as anybody could want it."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from store.database import Connection, Database
from store.errors import DatabaseError

log = logging.getLogger(__name__)

T = TypeVar("T")

GIVE_UP_SECONDS = 600.0
PAUSE_SECONDS = 1.0


def _nothing() -> None:
    """Do nothing between two tries."""


def write_through_outages(
    database: Database, work: Callable[[Connection], T], between: Callable[[], None] = _nothing
) -> T:
    """Write as `database.write` does, and go on trying while the database is away or its disk full.

    Nothing is at risk meanwhile: should the lease run out and another worker take the job, the write is refused.

    Raises: whatever `work` raises; DatabaseError after ten minutes.
    """
    return retry_through_outages(lambda: database.write(work), between)


def retry_through_outages(work: Callable[[], T], between: Callable[[], None] = _nothing) -> T:
    """Do what needs the database, and do it again while that is away; `between` two tries do a little something.

    Raises: whatever `work` raises; DatabaseError after ten minutes.
    """
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            return work()
        except DatabaseError as error:
            if time.monotonic() > give_up:
                raise
            log.warning("the database is away or full, trying again: %s", error)
            between()
            time.sleep(PAUSE_SECONDS)
