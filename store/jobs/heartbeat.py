"""T4: a sign of life that carries what was achieved since the last one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from store.clock import now
from store.jobs.checkpoints import CheckpointRow, put_checkpoint
from store.jobs.claim import Claim
from store.jobs.events import record
from store.jobs.fence import write_fenced
from store.tables import epochs, job_events


class EpochRow(NamedTuple):
    """What is kept of one epoch: a tuple, for some trainings make thousands a second."""

    epoch: int
    learning_rate: float
    train_loss: float
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float
    seconds: float
    layers: Sequence[Mapping[str, object]] | None = None
    dead_units: float | None = None
    retries: int = 0


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
    new_epochs: Sequence[EpochRow] = (),
    checkpoint: CheckpointRow | None = None,
) -> bool:
    """Renew the lease and store epochs and checkpoint; return whether somebody asked to cancel.

    Without progress, as while an attempt is being prepared, that of the attempt before stays.

    Raises: LeaseLostError when the job is no longer this worker's; nothing is written then.
    """
    values: dict[str, object] = {"lease_until": now(lease_seconds), "heartbeat_at": now()}
    if progress is not None:
        values |= {"progress_done": progress.done, "progress_total": progress.total}
    row = write_fenced(connection, claim, values)
    _store_epochs(connection, claim, new_epochs)
    if checkpoint is not None:
        put_checkpoint(connection, claim.job_id, claim.token, checkpoint)
    return bool(row.cancel_requested)


def _store_epochs(connection: Connection, claim: Claim, rows: Sequence[EpochRow]) -> None:
    """Keep the epochs of an attempt; where it began again, its rows replace those of the attempt before.

    Each names the job's last event, and a training that diverged and began again within its attempt is an event of its
    own: who follows the job sees everything in the order in which it happened.
    """
    if not rows:
        return
    late = (epochs.c.job_id == claim.job_id, epochs.c.epoch >= rows[0].epoch)
    replaced = connection.execute(delete(epochs).where(*late).returning(epochs.c.event_id, epochs.c.retries)).all()
    last = select(func.max(job_events.c.id)).where(job_events.c.job_id == claim.job_id)
    event_id = connection.execute(last).scalar_one()
    if any(row.event_id == event_id and row.retries < rows[0].retries for row in replaced):
        record(connection, claim.job_id, "restarted", claim.token, {"reason": "diverged", "epoch": rows[0].epoch})
        event_id = connection.execute(last).scalar_one()
    _insert(connection, claim.job_id, event_id, rows)


def _insert(connection: Connection, job_id: str, event_id: int, rows: Sequence[EpochRow]) -> None:
    """Insert epochs by the driver's own means: SQLAlchemy adds more work a row than all the rest."""
    names = ("job_id", "event_id", *EpochRow._fields)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    statement = f"INSERT INTO epochs ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608 - our own words
    connection.exec_driver_sql(statement, [(job_id, event_id, *_with_json(row)) for row in rows])


def _with_json(row: EpochRow) -> EpochRow | tuple[object, ...]:
    if row.layers is None:
        return row
    return tuple(json.dumps(value, allow_nan=False) if value is row.layers else value for value in row)
