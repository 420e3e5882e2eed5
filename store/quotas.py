"""Quotas: how many bytes an API key may store in datasets and results; the same bytes count once."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union

from store.artifacts import Artifact
from store.errors import QuotaError
from store.tables import api_keys, artifacts, datasets, jobs, results


@dataclass(frozen=True)
class Quota:
    """The bytes that a key stores, and its limit; 0 for no limit.

    Units: bytes.
    """

    used: int = 0
    most: int = 0

    def check(self, more: int) -> None:
        """Check that so many more bytes may be stored.

        Raises: QuotaError.
        """
        if self.most and self.used + more > self.most:
            raise QuotaError(
                f"this key stores {self.used:,} bytes and may store {self.most:,}; these would be {more:,} or more in "
                "addition. Delete datasets and results that are no longer needed (DELETE /v1/datasets/…), or ask for a "
                "key with a larger quota (`ebb keys create --stored-bytes`)"
            )


NO_QUOTA = Quota()


def read_quota(connection: Connection, owner: str, *, default: int) -> Quota:
    """Return the quota of a key; `default` is the limit of a key without one of its own."""
    own = connection.execute(select(api_keys.c.stored_bytes).where(api_keys.c.id == owner)).scalar_one_or_none()
    most = default if own is None else own
    if not most:
        return NO_QUOTA
    uploaded = select(datasets.c.sha256).where(datasets.c.owner == owner, datasets.c.deleted_at.is_(None))
    made = select(results.c.sha256).join(jobs).where(jobs.c.owner == owner, results.c.deleted_at.is_(None))
    kept = artifacts.c.removed_at.is_(None) & artifacts.c.sha256.in_(union(uploaded, made))
    used = connection.execute(select(func.coalesce(func.sum(artifacts.c.size), 0)).where(kept)).scalar_one()
    return Quota(int(used), int(most))


def check_quota(connection: Connection, owner: str, artifact: Artifact, *, default: int) -> None:
    """Check that a key's quota allows these bytes; concurrent checks of one key wait for one another.

    Bytes that are stored already cost nothing.

    Raises: QuotaError.
    """
    connection.execute(select(api_keys.c.id).where(api_keys.c.id == owner).with_for_update())
    there = (artifacts.c.sha256 == artifact.sha256) & artifacts.c.removed_at.is_(None)
    if connection.execute(select(artifacts.c.sha256).where(there)).first() is None:
        read_quota(connection, owner, default=default).check(artifact.size)
