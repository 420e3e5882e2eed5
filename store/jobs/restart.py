"""Records that an attempt starts anew, because the stored checkpoint cannot be used."""

from sqlalchemy import Connection, select

from store.jobs.claim import Claim
from store.jobs.events import record_event
from store.jobs.fence import write_fenced
from store.tables import job_events


def record_restart(connection: Connection, claim: Claim, *, reason: str) -> None:
    """Record as an event why the work starts anew; called again, it adds no second event.

    Raises: LeaseLostError when the claim is gone.
    """
    write_fenced(connection, claim, {"progress_done": 0})
    recorded = select(job_events.c.data).where(
        job_events.c.job_id == claim.job_id, job_events.c.event == "restarted", job_events.c.token == claim.token
    )
    if not any(data.get("reason") == reason for data in connection.execute(recorded).scalars()):
        record_event(connection, claim.job_id, "restarted", claim.token, {"reason": reason, "epoch": 1})
