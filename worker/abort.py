"""Leaving in the middle of an epoch: the job's row is brought to rest, and the process ends at once.

Only from a thread beside the training, or while the training waits for a database that is full: what it holds in memory
is lost, its last checkpoint is not.
"""

import logging
import os
from collections.abc import Callable

from store.database import Connection, Database
from store.errors import DatabaseError, LeaseLostError
from store.jobs.claim import Claim
from worker.outages import write_through_outages

log = logging.getLogger(__name__)


def abort(database: Database, claim: Claim, end: Callable[[Connection, Claim], None], why: str) -> None:
    """End the job as `end` does, and this process with it; return only where the training was first."""
    try:
        write_through_outages(database, lambda connection: end(connection, claim))
    except (LeaseLostError, DatabaseError) as error:
        log.info("job %s: %s", claim.job_id, error)
        return
    log.info("job %s: %s", claim.job_id, why)
    os._exit(0)
