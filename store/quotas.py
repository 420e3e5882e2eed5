"""How many bytes an API key may store: its datasets and the results of its jobs, the same bytes counted once."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union

from store.artifacts import Artifact
from store.errors import QuotaError
from store.tables import api_keys, artifacts, datasets, jobs, results


@dataclass(frozen=True)
class Quota:
    """What a key stores, and the most that it may; 0 for no limit.

    Units: bytes.
    """

    used: int = 0
    most: int = 0

    def check(self, more: int) -> None:
        """Refuse to store so many bytes more.

        Raises: QuotaError.
        """
        if self.most and self.used + more > self.most:
            raise QuotaError(
                f"this key stores {self.used:,} bytes and may store {self.most:,}; these would be {more:,} or more in "
                "addition. Ask whoever runs the service to remove what is no longer needed (`ebb retention`), or for a "
                "key with a larger quota (`ebb keys create --stored-bytes`)"
            )


NO_QUOTA = Quota()


def read_quota(connection: Connection, owner: str, *, default: int) -> Quota:
    """Return the quota of a key; the default is that of a key without a number of its own."""
    own = connection.execute(select(api_keys.c.stored_bytes).where(api_keys.c.id == owner)).scalar_one_or_none()
    most = default if own is None else own
    if not most:
        return NO_QUOTA
    uploaded = select(datasets.c.sha256).where(datasets.c.owner == owner)
    made = select(results.c.sha256).join(jobs).where(jobs.c.owner == owner)
    kept = artifacts.c.removed_at.is_(None) & artifacts.c.sha256.in_(union(uploaded, made))
    used = connection.execute(select(func.coalesce(func.sum(artifacts.c.size), 0)).where(kept)).scalar_one()
    return Quota(int(used), int(most))


def check_quota(connection: Connection, owner: str, artifact: Artifact, *, default: int) -> None:
    """Refuse to store these bytes for a key beyond its quota; of two such checks at once, one waits for the other.

    Bytes that are there already cost nothing.

    Raises: QuotaError.
    """
    connection.execute(select(api_keys.c.id).where(api_keys.c.id == owner).with_for_update())
    there = (artifacts.c.sha256 == artifact.sha256) & artifacts.c.removed_at.is_(None)
    if connection.execute(select(artifacts.c.sha256).where(there)).first() is None:
        read_quota(connection, owner, default=default).check(artifact.size)
