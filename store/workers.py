"""The registered workers, and when each was last seen by the database's clock; readiness checks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, delete, func, select

from store.clock import now
from store.job_states import KINDS
from store.jobs.fair_scheduling import find_claimable
from store.tables import workers
from store.upsert import upsert_into

FORGET_AFTER_SECONDS = 24 * 3600.0


def register_worker(
    connection: Connection, name: str, kinds: Sequence[str] = KINDS, *, job_bytes: int | None = None
) -> None:
    """Record that this worker is alive, runs these kinds of job and gives each job so much memory.

    Workers that were not seen for a day are deleted.
    """
    offers = {"kinds": list(kinds), "job_bytes": job_bytes}
    connection.execute(
        upsert_into(connection, workers)
        .values(name=name, **offers)
        .on_conflict_do_update(index_elements=["name"], set_={"seen_at": now(), **offers})
    )
    connection.execute(delete(workers).where(workers.c.seen_at < now(-FORGET_AFTER_SECONDS)))


def unregister_worker(connection: Connection, name: str) -> None:
    """Delete a worker that stops."""
    connection.execute(delete(workers).where(workers.c.name == name))


@dataclass(frozen=True)
class WorkerRow:
    """A worker: the kinds of job that it runs, the most memory that it gives one, and whether it was seen lately.

    Units: bytes.
    """

    name: str
    kinds: Sequence[str]
    job_bytes: int | None
    started_at: datetime
    seen_at: datetime
    alive: bool


def list_workers(connection: Connection, *, within_seconds: float) -> Sequence[WorkerRow]:
    """Return the workers of the last day by name; those seen within this time are alive."""
    alive = case((workers.c.seen_at >= now(-within_seconds), 1), else_=0)
    rows = connection.execute(select(workers, alive.label("alive")).order_by(workers.c.name))
    return [
        WorkerRow(row.name, row.kinds or KINDS, row.job_bytes, row.started_at, row.seen_at, bool(row.alive))
        for row in rows
    ]


def count_alive(connection: Connection, *, within_seconds: float, host: str | None = None) -> int:
    """Return how many workers were seen lately; on one host, if its name is given."""
    query = select(func.count()).select_from(workers).where(workers.c.seen_at >= now(-within_seconds))
    if host is not None:
        query = query.where(workers.c.name.startswith(f"{host}:", autoescape=True))
    return int(connection.execute(query).scalar_one())


def most_job_bytes(connection: Connection, kind: str, *, within_seconds: float) -> int | None:
    """Return the most memory that a worker seen lately gives a job of this kind; None where none reports it.

    Units: bytes.
    """
    alive = select(workers.c.kinds, workers.c.job_bytes).where(workers.c.seen_at >= now(-within_seconds))
    limits = [most for kinds, most in connection.execute(alive) if most is not None and kind in (kinds or KINDS)]
    return max(limits, default=None)


def find_unserved(connection: Connection, *, within_seconds: float) -> list[str]:
    """Return the kinds with a claimable job that no worker seen lately runs."""
    alive = connection.execute(select(workers.c.kinds).where(workers.c.seen_at >= now(-within_seconds))).scalars()
    served = {kind for kinds in alive for kind in (KINDS if kinds is None else kinds)}
    return sorted(find_claimable(connection).keys() - served)
