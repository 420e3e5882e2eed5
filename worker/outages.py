"""Retries reads and writes through an outage of the database, for ten minutes."""

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
    """Do nothing."""


def write_through_outages(
    database: Database, work: Callable[[Connection], T], between: Callable[[], None] = _nothing
) -> T:
    """Write as `database.write` does, and retry while the database is away or its disk is full.

    That is safe: if the lease expires and another worker claims the job, the fence refuses the write.

    Raises: whatever `work` raises; DatabaseError after ten minutes.
    """
    return retry_through_outages(lambda: database.write(work), between)


def retry_through_outages(work: Callable[[], T], between: Callable[[], None] = _nothing) -> T:
    """Call `work`, and retry while the database is away; call `between` before each retry.

    Raises: whatever `work` raises; DatabaseError after ten minutes.
    """
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            return work()
        except DatabaseError as error:
            if time.monotonic() > give_up:
                raise
            log.warning("the database is away or full, retrying: %s", error)
            between()
            time.sleep(PAUSE_SECONDS)
