"""Workers that were seen alive, by the database's clock: what readiness is judged by."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select

from store.clock import now
from store.inserts import insert_into
from store.jobs import KINDS
from store.jobs.turn import find_waiting
from store.tables import workers

FORGET_AFTER_SECONDS = 24 * 3600.0


def sign_in(connection: Connection, name: str, kinds: Sequence[str] = KINDS) -> None:
    """Note that this worker is alive now and takes these kinds of job, and forget those not seen for a day."""
    connection.execute(
        insert_into(connection, workers)
        .values(name=name, kinds=list(kinds))
        .on_conflict_do_update(index_elements=["name"], set_={"seen_at": now(), "kinds": list(kinds)})
    )
    connection.execute(delete(workers).where(workers.c.seen_at < now(-FORGET_AFTER_SECONDS)))


def sign_out(connection: Connection, name: str) -> None:
    """Note that this worker stops in good order."""
    connection.execute(delete(workers).where(workers.c.name == name))


def count_alive(connection: Connection, *, within_seconds: float, host: str | None = None) -> int:
    """Return how many workers were seen lately; on one host, if its name is given."""
    query = select(func.count()).select_from(workers).where(workers.c.seen_at >= now(-within_seconds))
    if host is not None:
        query = query.where(workers.c.name.startswith(f"{host}:", autoescape=True))
    return int(connection.execute(query).scalar_one())


def find_unserved(connection: Connection, *, within_seconds: float) -> list[str]:
    """Return the kinds of which a job could be claimed now, but which no worker takes that was seen lately."""
    alive = connection.execute(select(workers.c.kinds).where(workers.c.seen_at >= now(-within_seconds))).scalars()
    served = {kind for kinds in alive for kind in (KINDS if kinds is None else kinds)}
    return sorted(find_waiting(connection).keys() - served)
