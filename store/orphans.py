"""Orphans: files without a row, because the job was cancelled or the process killed before it was written."""

from sqlalchemy import Connection, select

from store.artifacts import ArtifactStore
from store.database import Database
from store.tables import artifacts


def sweep_orphans(kept: ArtifactStore, database: Database) -> int:
    """Clear the mark of new files that have a row; remove those without one after a day, and return how many.

    Raises: DatabaseError.
    """
    removed = 0
    for sha256 in kept.unrecorded():
        with database.read() as connection:
            known = _known(connection, sha256)
        if known:
            kept.mark_recorded(sha256)
        else:
            removed += kept.remove_unrecorded(sha256)
    return removed


def _known(connection: Connection, sha256: str) -> bool:
    return connection.execute(select(artifacts.c.sha256).where(artifacts.c.sha256 == sha256)).first() is not None
