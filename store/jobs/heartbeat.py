"""T4: a sign of life that carries what was achieved since the last one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert

from store.clock import now
from store.jobs.checkpoints import CheckpointRow, put_checkpoint
from store.jobs.claim import Claim
from store.jobs.fence import write_fenced
from store.tables import epochs


@dataclass(frozen=True)
class EpochRow:
    """What is kept of one epoch."""

    epoch: int
    learning_rate: float
    train_loss: float
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float
    seconds: float


@dataclass(frozen=True)
class Progress:
    """How far a job has come, in its unit (epochs or rows)."""

    done: int
    total: int


def heartbeat(  # noqa: PLR0913 - one short transaction is the point of it
    connection: Connection,
    claim: Claim,
    *,
    lease_seconds: float,
    progress: Progress,
    new_epochs: Sequence[EpochRow] = (),
    checkpoint: CheckpointRow | None = None,
) -> bool:
    """Renew the lease and store epochs and checkpoint; return whether somebody asked to cancel.

    Raises: LeaseLostError when the job is no longer this worker's; nothing is written then.
    """
    row = write_fenced(
        connection,
        claim,
        {
            "lease_until": now(lease_seconds),
            "heartbeat_at": now(),
            "progress_done": progress.done,
            "progress_total": progress.total,
        },
    )
    store_epochs(connection, claim, new_epochs)
    if checkpoint is not None:
        put_checkpoint(connection, claim.job_id, claim.token, checkpoint)
    return bool(row.cancel_requested)


def store_epochs(connection: Connection, claim: Claim, rows: Sequence[EpochRow]) -> None:
    """Keep the epochs of an attempt; where it began again, its rows replace those of the attempt before."""
    if not rows:
        return
    connection.execute(delete(epochs).where(epochs.c.job_id == claim.job_id, epochs.c.epoch >= rows[0].epoch))
    connection.execute(insert(epochs), [{"job_id": claim.job_id, **asdict(row)} for row in rows])
