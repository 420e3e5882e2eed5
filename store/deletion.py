"""Deletion of datasets and of the results of scoring jobs, on a caller's request.

The row stays and records the time. The file is removed with the last dataset or result that has its bytes, under the
lock of the artifact's row, as retention removes files. Deleting again changes nothing.
"""

from sqlalchemy import Connection, exists, or_, select, update

from store.artifacts import ArtifactStore
from store.audit import record_action
from store.clock import now
from store.datasets import find_dataset
from store.errors import InUseError, NotFoundError
from store.job_states import UNFINISHED
from store.tables import aliases, artifacts, datasets, jobs, results, versions


def delete_dataset(connection: Connection, kept: ArtifactStore, dataset_id: str, *, by: str) -> None:
    """Delete a dataset; one that an alias's version was trained on, or that an unfinished job reads, stays.

    Raises: NotFoundError, InUseError; ArtifactError where the file cannot be removed.
    """
    row = find_dataset(connection, dataset_id)
    if row is None:
        raise NotFoundError(f"there is no dataset {dataset_id}")
    _lock(connection, row.sha256)
    _check_jobs(connection, dataset_id)
    _check_aliases(connection, dataset_id)
    there = (datasets.c.id == dataset_id, datasets.c.deleted_at.is_(None))
    if connection.execute(update(datasets).where(*there).values(deleted_at=now())).rowcount:
        facts = {"name": row.name, "sha256": row.sha256, "bytes": row.size}
        record_action(connection, "dataset.deleted", dataset_id, by=by, data=facts)
        _remove_unused(connection, kept, row.sha256)


def delete_result(connection: Connection, kept: ArtifactStore, job_id: str, *, by: str) -> None:
    """Delete the result of a scoring job.

    Raises: NotFoundError where the job has none; ArtifactError where the file cannot be removed.
    """
    sha256 = connection.execute(select(results.c.sha256).where(results.c.job_id == job_id)).scalar_one_or_none()
    if sha256 is None:
        raise NotFoundError(f"job {job_id} has no result")
    _lock(connection, sha256)
    there = (results.c.job_id == job_id, results.c.deleted_at.is_(None))
    if connection.execute(update(results).where(*there).values(deleted_at=now())).rowcount:
        record_action(connection, "result.deleted", job_id, by=by, data={"sha256": sha256})
        _remove_unused(connection, kept, sha256)


def _lock(connection: Connection, sha256: str) -> None:
    """Wait for transactions that store or use these bytes, and let later ones wait for this one."""
    connection.execute(select(artifacts.c.sha256).where(artifacts.c.sha256 == sha256).with_for_update())


def _check_jobs(connection: Connection, dataset_id: str) -> None:
    reads = or_(jobs.c.dataset_id == dataset_id, jobs.c.params["gate"]["dataset"].as_string() == dataset_id)
    job = connection.execute(select(jobs.c.id).where(reads, jobs.c.state.in_(UNFINISHED)).limit(1)).scalar_one_or_none()
    if job is not None:
        raise InUseError(f"job {job} reads dataset {dataset_id}: wait until it ends, or cancel it")


def _check_aliases(connection: Connection, dataset_id: str) -> None:
    pointed = (aliases.c.model == versions.c.model) & (aliases.c.version == versions.c.version)
    query = select(aliases).join(versions, pointed).where(versions.c.dataset_id == dataset_id).limit(1)
    alias = connection.execute(query).first()
    if alias is not None:
        raise InUseError(
            f"alias '{alias.alias}' of model '{alias.model}' points at version {alias.version}, which was trained on "
            f"dataset {dataset_id}: move the alias first"
        )


def _remove_unused(connection: Connection, kept: ArtifactStore, sha256: str) -> None:
    """Remove the file, unless another dataset or result has its bytes, or they are being stored again."""
    uploaded = exists().where(datasets.c.sha256 == sha256, datasets.c.deleted_at.is_(None))
    made = exists().where(results.c.sha256 == sha256, results.c.deleted_at.is_(None))
    unused = select(artifacts.c.sha256).where(artifacts.c.sha256 == sha256, ~uploaded, ~made)
    if connection.execute(unused).first() is not None and kept.remove(sha256):
        connection.execute(update(artifacts).where(artifacts.c.sha256 == sha256).values(removed_at=now()))
