"""Versions: written once, by the transaction that ends their training, and never changed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from store.errors import ArtifactError, NotFoundError
from store.pages import Page, after_token, read_page
from store.tables import models, versions
from store.upsert import upsert_into

FACTS = [column for column in versions.c if column.name != "estimator"]


@dataclass(frozen=True)
class NewVersion:
    """All that a version keeps, so that its training can be repeated and its estimator used."""

    model: str
    dataset_id: str
    data_sha256: str
    spec: Mapping[str, object]
    columns: object
    metrics: Mapping[str, object]
    environment: Mapping[str, object]
    estimator: bytes
    weights_sha256: str


def add_version(connection: Connection, job_id: str, version: NewVersion) -> int:
    """Give the version the model's next number, store it, and return the number.

    The model's row is locked by counting it up, so that numbers run 1, 2, 3… without gaps.
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
    """Add a metric that is known only now, in the transaction that adds the version: nobody has seen it yet."""
    this = (versions.c.model == version.model, versions.c.version == number)
    connection.execute(update(versions).where(*this).values(metrics={**version.metrics, name: value}))


def ensure_model(connection: Connection, name: str) -> None:
    """Register the model unless it is."""
    connection.execute(upsert_into(connection, models).values(name=name).on_conflict_do_nothing())


def get_version(connection: Connection, model: str, version: int) -> Row[Any]:
    """Return a version's row without the bytes of its estimator.

    Raises: NotFoundError.
    """
    row = connection.execute(select(*FACTS).where(versions.c.model == model, versions.c.version == version)).first()
    if row is None:
        raise NotFoundError(f"model '{model}' has no version {version}")
    return row


def load_estimator(connection: Connection, model: str, version: int) -> bytes:
    """Return the bytes of a version's estimator, checked against their digest.

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


def estimator_digest(connection: Connection, model: str, version: int) -> str:
    """Return the digest of a version's estimator, which tells whether one in memory still is that one.

    Raises: NotFoundError.
    """
    query = select(versions.c.weights_sha256).where(versions.c.model == model, versions.c.version == version)
    digest = connection.execute(query).scalar_one_or_none()
    if digest is None:
        raise NotFoundError(f"model '{model}' has no version {version}")
    return str(digest)


def list_versions(connection: Connection, model: str, *, page_size: int, page_token: str | None = None) -> Page:
    """Return a page of a model's versions, the newest first.

    Raises: NotFoundError where no such model is registered; PageTokenError.
    """
    if connection.execute(select(models.c.name).where(models.c.name == model)).first() is None:
        raise NotFoundError(f"there is no model '{model}'")
    query = select(*FACTS).where(versions.c.model == model).order_by(versions.c.version.desc())
    if page_token is not None:
        query = query.where(versions.c.version < after_token(page_token, whole=True))
    return read_page(connection, query, page_size, lambda row: str(row.version))


def list_models(connection: Connection, *, page_size: int, page_token: str | None = None) -> Page:
    """Return a page of the registered models, by name.

    Raises: PageTokenError.
    """
    query = select(models).order_by(models.c.name)
    if page_token is not None:
        query = query.where(models.c.name > after_token(page_token))
    return read_page(connection, query, page_size, lambda row: row.name)
