"""Versions: written once, by the transaction that ends their training, and never changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from store.errors import ArtifactError, NotFoundError
from store.pages import Page, after_token, read_page
from store.rows import ModelRow, VersionRow, columns_of, read_first
from store.tables import models, versions
from store.upsert import upsert_into


@dataclass(frozen=True)
class NewVersion:
    """The data of a version, with which its training can be repeated and its estimator used."""

    model: str
    dataset_id: str
    data_sha256: str
    spec: Mapping[str, object]
    columns: object
    metrics: Mapping[str, object]
    environment: Mapping[str, object]
    estimator: bytes
    weights_sha256: str
    seen_rows: bytes | None = None


def add_version(connection: Connection, job_id: str, version: NewVersion) -> int:
    """Store the version under the model's next number, and return the number.

    Counting up locks the model's row, so that numbers run 1, 2, 3… without gaps.
    """
    ensure_model(connection, version.model)
    number = connection.execute(
        update(models)
        .where(models.c.name == version.model)
        .values(last_version=models.c.last_version + 1)
        .returning(models.c.last_version)
    ).scalar_one()
    connection.execute(insert(versions).values(**vars(version), version=number, job_id=job_id))
    return int(number)


def note_metric(connection: Connection, version: NewVersion, number: int, name: str, value: object) -> None:
    """Add a metric in the transaction that adds the version, before anybody can read it."""
    this = (versions.c.model == version.model, versions.c.version == number)
    connection.execute(update(versions).where(*this).values(metrics={**version.metrics, name: value}))


def ensure_model(connection: Connection, name: str) -> None:
    """Register the model, if it is not yet."""
    connection.execute(upsert_into(connection, models).values(name=name).on_conflict_do_nothing())


def get_version(connection: Connection, model: str, version: int) -> VersionRow:
    """Return a version, without the bytes of its estimator.

    Raises: NotFoundError.
    """
    row = read_first(connection, VersionRow, _query(model).where(versions.c.version == version))
    if row is None:
        raise NotFoundError(f"model '{model}' has no version {version}")
    return row


def load_estimator(connection: Connection, model: str, version: int) -> bytes:
    """Return the bytes of a version's estimator, after a check against their digest.

    Raises: NotFoundError, ArtifactError.
    """
    row = connection.execute(
        select(versions.c.estimator, versions.c.weights_sha256).where(
            versions.c.model == model, versions.c.version == version
        )
    ).first()
    if row is None:
        raise NotFoundError(f"model '{model}' has no version {version}")
    if hashlib.sha256(row.estimator).hexdigest() != row.weights_sha256:
        raise ArtifactError(
            f"the stored estimator of {model} version {version} is damaged: its digest is not "
            f"{row.weights_sha256}; restore the database from a backup, or train again"
        )
    return bytes(row.estimator)


def load_seen_rows(connection: Connection, model: str, version: int) -> bytes | None:
    """Return the digests of the rows that a version has seen; None where an earlier release made the version.

    Raises: NotFoundError.
    """
    query = select(versions.c.seen_rows).where(versions.c.model == model, versions.c.version == version)
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(f"model '{model}' has no version {version}")
    return None if row.seen_rows is None else bytes(row.seen_rows)


def hold_version(connection: Connection, model: str, version: int) -> None:
    """Check that there is such a version, and let no other transaction delete it before this one ends.

    Raises: NotFoundError.
    """
    this = select(versions.c.version).where(versions.c.model == model, versions.c.version == version)
    if connection.execute(this.with_for_update(read=True, key_share=True)).first() is None:
        raise NotFoundError(f"model '{model}' has no version {version}")


def estimator_digest(connection: Connection, model: str, version: int) -> str:
    """Return the digest of a version's estimator.

    Raises: NotFoundError.
    """
    query = select(versions.c.weights_sha256).where(versions.c.model == model, versions.c.version == version)
    digest = connection.execute(query).scalar_one_or_none()
    if digest is None:
        raise NotFoundError(f"model '{model}' has no version {version}")
    return str(digest)


def list_versions(
    connection: Connection, model: str, *, page_size: int, page_token: str | None = None
) -> Page[VersionRow]:
    """Return a page of a model's versions, the newest first.

    Raises: NotFoundError where no such model is registered; PageTokenError.
    """
    get_model(connection, model)
    query = _query(model).order_by(versions.c.version.desc())
    if page_token is not None:
        query = query.where(versions.c.version < after_token(page_token, whole=True))
    return read_page(connection, VersionRow, query, page_size, lambda row: str(row.version))


def _query(model: str) -> Select[Any]:
    return select(*columns_of(VersionRow, versions)).where(versions.c.model == model)


def get_model(connection: Connection, name: str) -> ModelRow:
    """Return a registered model.

    Raises: NotFoundError.
    """
    row = read_first(connection, ModelRow, select(*columns_of(ModelRow, models)).where(models.c.name == name))
    if row is None:
        raise NotFoundError(f"there is no model '{name}'")
    return row


def list_models(connection: Connection, *, page_size: int, page_token: str | None = None) -> Page[ModelRow]:
    """Return a page of the registered models, by name.

    Raises: PageTokenError.
    """
    query = select(*columns_of(ModelRow, models)).order_by(models.c.name)
    if page_token is not None:
        query = query.where(models.c.name > after_token(page_token))
    return read_page(connection, ModelRow, query, page_size, lambda row: row.name)
