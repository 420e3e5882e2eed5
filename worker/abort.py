"""Aborts an attempt in the middle of an epoch: writes the job's new state and ends the process at once.

Called from a thread beside the work, or while the work waits for the database. The work since the last checkpoint is
lost.
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
    """Write the job's new state by `end` and exit; return only where the work has ended the job first."""
    try:
        write_through_outages(database, lambda connection: end(connection, claim))
    except (LeaseLostError, DatabaseError) as error:
        log.info("job %s: %s", claim.job_id, error)
        return
    log.info("job %s: %s", claim.job_id, why)
    os._exit(0)
