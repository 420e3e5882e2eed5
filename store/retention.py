"""Retention: removes the files of datasets and results that were not used for a number of days, and old versions.

The dataset of a version is never removed, because a replay needs it; the datasets of a job stay while the job is queued
or running. Rows stay, and record that the bytes were removed; the same table uploaded again is the same dataset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from store.artifacts import ArtifactStore
from store.audit import record_action
from store.clock import now
from store.database import Database
from store.errors import InUseError
from store.job_states import UNFINISHED
from store.registry.version_deletion import delete_version, find_old_versions
from store.rows import VersionRow
from store.tables import artifacts, datasets, jobs, results, versions

DAY_SECONDS = 24 * 3600.0
FILES_AT_ONCE = 100
ACTOR = "retention"


@dataclass(frozen=True)
class Ages:
    """How long unused files are kept; 0 for ever.

    Units: days.
    """

    datasets: float = 0.0
    results: float = 0.0


@dataclass(frozen=True)
class Expired:
    """An expired file, with the ids of its datasets and of the jobs whose result it is.

    Units: size in bytes.
    """

    sha256: str
    size: int
    used_at: datetime
    datasets: Sequence[str]
    results: Sequence[str]


def find_expired(connection: Connection, ages: Ages, *, limit: int | None = None) -> list[Expired]:
    """Return the expired files, the longest unused first."""
    query = select(artifacts).where(*_expired(ages)).order_by(artifacts.c.used_at).limit(limit)
    return [
        Expired(
            row.sha256,
            row.size,
            row.used_at,
            connection.execute(select(datasets.c.id).where(datasets.c.sha256 == row.sha256)).scalars().all(),
            connection.execute(select(results.c.job_id).where(results.c.sha256 == row.sha256)).scalars().all(),
        )
        for row in connection.execute(query).all()
    ]


def remove_expired(database: Database, kept: ArtifactStore, ages: Ages, *, limit: int | None = None) -> list[Expired]:
    """Remove the expired files, and return them; any number of processes may do so at once.

    Raises: DatabaseError; ArtifactError where a file cannot be removed.
    """
    with database.read() as connection:
        found = find_expired(connection, ages, limit=limit)
    return [each for each in found if database.write(partial(_remove, kept=kept, ages=ages, expired=each))]


def remove_old_versions(database: Database, days: float, *, limit: int | None = None) -> list[VersionRow]:
    """Delete the versions that are older than so many days and that nothing needs, and return them.

    Raises: DatabaseError.
    """
    with database.read() as connection:
        found = find_old_versions(connection, days, limit=limit)
    return [each for each in found if database.write(partial(_delete_version, row=each))]


def _delete_version(connection: Connection, *, row: VersionRow) -> bool:
    """Delete a version, unless an alias or a job needs it meanwhile; return whether it is gone."""
    try:
        delete_version(connection, row.model, row.version, by=ACTOR)
    except InUseError:
        return False
    return True


def _remove(connection: Connection, *, kept: ArtifactStore, ages: Ages, expired: Expired) -> bool:
    """Remove one file, unless it was used meanwhile; return whether it is gone.

    The file is removed under the lock of its row. Every transaction that stores or uses the bytes takes that lock. If
    the transaction fails after the file is removed, the next call finds the file gone and writes the row.
    """
    this = artifacts.c.sha256 == expired.sha256
    marked = update(artifacts).where(this, *_expired(ages)).values(removed_at=now())
    if connection.execute(marked).rowcount == 0:
        return False
    if not kept.remove(expired.sha256):
        connection.execute(update(artifacts).where(this).values(removed_at=None))
        return False
    facts = {"sha256": expired.sha256, "bytes": expired.size}
    for dataset_id in expired.datasets:
        record_action(connection, "dataset.expired", dataset_id, by=ACTOR, data=facts)
    for job_id in expired.results:
        record_action(connection, "result.expired", job_id, by=ACTOR, data=facts)
    return True


def _expired(ages: Ages) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which an artifact is expired."""
    stored = (datasets.c.sha256 == artifacts.c.sha256, datasets.c.deleted_at.is_(None))
    uploaded = exists().where(*stored)
    made = exists().where(results.c.sha256 == artifacts.c.sha256, results.c.deleted_at.is_(None))
    trained_on = exists().where(versions.c.dataset_id == datasets.c.id, *stored)
    read = exists().where(
        or_(jobs.c.dataset_id == datasets.c.id, jobs.c.params["gate"]["dataset"].as_string() == datasets.c.id),
        datasets.c.sha256 == artifacts.c.sha256,
        jobs.c.state.in_(UNFINISHED),
    )
    return (
        artifacts.c.removed_at.is_(None),
        or_(~uploaded, _older(ages.datasets)),
        or_(~made, _older(ages.results)),
        and_(~trained_on, ~read),
    )


def _older(days: float) -> ColumnElement[bool]:
    return artifacts.c.used_at < now(-days * DAY_SECONDS) if days else artifacts.c.sha256.is_(None)
