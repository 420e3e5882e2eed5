"""T4: the heartbeat, which renews the lease and stores what was done since the last one, and the checkpoint."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Connection, delete, func, select

from store.clock import now
from store.jobs.checkpoints import CheckpointRow, put_checkpoint
from store.jobs.claim import Claim
from store.jobs.epoch import FIGURES, Epoch
from store.jobs.events import record_event
from store.jobs.fence import write_fenced
from store.jobs.standings import record_standings
from store.tables import epochs, job_events

_figures = attrgetter(*FIGURES)
_json = json.JSONEncoder(allow_nan=False).encode


@dataclass(frozen=True)
class JobProgress:
    """How far a job has come, in its unit (epochs or rows)."""

    done: int
    total: int


def heartbeat(  # noqa: PLR0913 - one short transaction is the point of it
    connection: Connection,
    claim: Claim,
    *,
    lease_seconds: float,
    progress: JobProgress | None,
    new_epochs: Sequence[Epoch] = (),
    new_standings: Sequence[Mapping[str, object]] = (),
    checkpoint: CheckpointRow | None = None,
) -> bool:
    """Renew the lease and store epochs, standings and checkpoint; return whether cancellation was requested.

    Progress is None while an attempt is being prepared: the stored progress of the previous attempt stays.

    Raises: LeaseLostError when the claim no longer holds; nothing is written then.
    """
    values: dict[str, object] = {"lease_until": now(lease_seconds), "heartbeat_at": now()}
    if progress is not None:
        values |= {"progress_done": progress.done, "progress_total": progress.total}
    row = write_fenced(connection, claim, values)
    _store_epochs(connection, claim, new_epochs)
    record_standings(connection, claim.job_id, claim.token, new_standings)
    if checkpoint is not None:
        put_checkpoint(connection, claim.job_id, claim.token, checkpoint)
    return bool(row.cancel_requested)


def _store_epochs(connection: Connection, claim: Claim, rows: Sequence[Epoch]) -> None:
    """Store epochs, in place of stored ones of the same and later numbers.

    Each row names the job's last event, so that an event stream has one order. A training that diverged and restarted
    within its attempt gets an event of its own.
    """
    if not rows:
        return
    late = (epochs.c.job_id == claim.job_id, epochs.c.epoch >= rows[0].epoch)
    replaced = connection.execute(delete(epochs).where(*late).returning(epochs.c.event_id, epochs.c.retries)).all()
    last = select(func.max(job_events.c.id)).where(job_events.c.job_id == claim.job_id)
    event_id = connection.execute(last).scalar_one()
    if any(row.event_id == event_id and row.retries < rows[0].retries for row in replaced):
        record_event(connection, claim.job_id, "restarted", claim.token, {"reason": "diverged", "epoch": rows[0].epoch})
        event_id = connection.execute(last).scalar_one()
    _insert(connection, claim.job_id, event_id, rows)


def _insert(connection: Connection, job_id: str, event_id: int, rows: Sequence[Epoch]) -> None:
    """Insert epochs with the driver's `executemany`: SQLAlchemy's own insert costs more than everything else here."""
    names = ("job_id", "event_id", "layers", *FIGURES)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO epochs ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608 - our own words
    values = [(job_id, event_id, None if row.layers is None else _json(row.layers), *_figures(row)) for row in rows]
    connection.exec_driver_sql(statement, values)
