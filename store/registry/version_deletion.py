"""Deletion of versions: on a caller's request, and of old ones by retention.

The number of a deleted version is never given to another. An alias keeps its version, and so does an unfinished job.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select

from store.audit import record_action
from store.clock import now
from store.errors import InUseError, NotFoundError
from store.job_states import UNFINISHED
from store.rows import VersionRow, columns_of, read_all
from store.tables import alias_moves, aliases, jobs, models, versions

DAY_SECONDS = 24 * 3600.0


def delete_version(connection: Connection, model: str, version: int, *, by: str) -> None:
    """Delete a version with its estimator; deleting it again changes nothing.

    Raises: NotFoundError where there never was such a version; InUseError.
    """
    this = (versions.c.model == model, versions.c.version == version)
    row = connection.execute(
        select(versions.c.weights_sha256, versions.c.job_id).where(*this).with_for_update()
    ).first()
    if row is None:
        check_was_there(connection, model, version)
        return
    _check_aliases(connection, model, version)
    _check_jobs(connection, model, version)
    connection.execute(delete(versions).where(*this))
    facts = {"weights_sha256": row.weights_sha256, "job": row.job_id}
    record_action(connection, "version.deleted", f"{model}/{version}", by=by, data=facts)


def find_version_job(connection: Connection, model: str, version: int) -> str | None:
    """Return the job that made a version; None where there is no such version."""
    query = select(versions.c.job_id).where(versions.c.model == model, versions.c.version == version)
    return connection.execute(query).scalar_one_or_none()


def check_was_there(connection: Connection, model: str, version: int) -> None:
    """Check that a version that is not there was deleted.

    Raises: NotFoundError where there never was one of this number.
    """
    last = connection.execute(select(models.c.last_version).where(models.c.name == model)).scalar_one_or_none()
    if last is None or version > last:
        raise NotFoundError(f"model '{model}' has no version {version}")


def find_old_versions(connection: Connection, days: float, *, limit: int | None = None) -> Sequence[VersionRow]:
    """Return the versions that retention removes after so many days, the oldest first; none for 0 days.

    The newest version of a model stays, and so does the one that a rollback of an alias returns to.
    """
    if not days:
        return []
    old = versions.c.created_at < now(-days * DAY_SECONDS)
    query = select(*columns_of(VersionRow, versions)).where(old, ~_needed()).order_by(versions.c.created_at)
    return read_all(connection, VersionRow, query.limit(limit))


def _check_aliases(connection: Connection, model: str, version: int) -> None:
    pointed = select(aliases.c.alias).where(aliases.c.model == model, aliases.c.version == version).limit(1)
    alias = connection.execute(pointed).scalar_one_or_none()
    if alias is not None:
        raise InUseError(f"alias '{alias}' points at version {version} of model '{model}': move the alias first")


def _check_jobs(connection: Connection, model: str, version: int) -> None:
    uses = (jobs.c.model == model, jobs.c.params["version"].as_integer() == version, jobs.c.state.in_(UNFINISHED))
    job = connection.execute(select(jobs.c.id).where(*uses).limit(1)).scalar_one_or_none()
    if job is not None:
        raise InUseError(f"job {job} uses version {version} of model '{model}': wait until it ends, or cancel it")


def _needed() -> ColumnElement[bool]:
    """Return the condition that a version is the newest, or needed by an alias, its rollback, or a job."""
    pointed = exists().where(aliases.c.model == versions.c.model, aliases.c.version == versions.c.version)
    before = exists().where(
        alias_moves.c.model == versions.c.model,
        aliases.c.model == alias_moves.c.model,
        aliases.c.alias == alias_moves.c.alias,
        or_(
            and_(alias_moves.c.revision == aliases.c.revision, alias_moves.c.undoes.is_(None)),
            alias_moves.c.to_version == aliases.c.version,
        ),
        alias_moves.c.from_version == versions.c.version,
    )
    newest = exists().where(models.c.name == versions.c.model, models.c.last_version == versions.c.version)
    used = exists().where(
        jobs.c.model == versions.c.model,
        jobs.c.params["version"].as_integer() == versions.c.version,
        jobs.c.state.in_(UNFINISHED),
    )
    return or_(pointed, before, newest, used)
