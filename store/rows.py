"""The rows that other packages read, as frozen dataclasses: each field is a column of the row's query."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, Table

from store.job_states import JobKind, JobState

T = TypeVar("T")


@dataclass(frozen=True)
class JobRow:
    """A job."""

    id: str
    kind: JobKind
    owner: str
    model: str
    dataset_id: str
    retry_of: str | None
    priority: int
    params: dict[str, Any]
    state: JobState
    token: int
    cancel_requested: bool
    deadline_at: datetime | None
    heartbeat_at: datetime | None
    progress_done: int
    progress_total: int
    progress_unit: str
    error_code: str | None
    error_text: str | None
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class DatasetRow:
    """A dataset, with the size of its artifact and the time when that was removed.

    `deleted_at` is the time when a caller deleted the dataset.
    """

    id: str
    name: str
    sha256: str
    media_type: str
    target: str
    id_column: str
    rows: int
    schema: dict[str, Any]
    read_options: str
    created_at: datetime
    owner: str
    size: int
    removed_at: datetime | None
    deleted_at: datetime | None

    @property
    def is_gone(self) -> bool:
        """Whether the dataset was deleted, or its bytes were removed."""
        return self.deleted_at is not None or self.removed_at is not None


@dataclass(frozen=True)
class ModelRow:
    """A registered model."""

    name: str
    last_version: int
    created_at: datetime


@dataclass(frozen=True)
class VersionRow:
    """A version, without the bytes of its estimator."""

    model: str
    version: int
    job_id: str
    dataset_id: str
    data_sha256: str
    spec: dict[str, Any]
    columns: list[Any]
    metrics: dict[str, Any]
    environment: dict[str, Any]
    weights_sha256: str
    created_at: datetime


@dataclass(frozen=True)
class AliasRow:
    """Where an alias points."""

    model: str
    alias: str
    version: int
    revision: int
    moved_at: datetime


@dataclass(frozen=True)
class AliasMoveRow:
    """One move of an alias."""

    revision: int
    from_version: int | None
    to_version: int
    moved_by: str
    moved_at: datetime
    undoes: int | None
    job_id: str | None


@dataclass(frozen=True)
class AuditRow:
    """A line of the audit log."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    data: dict[str, Any]
    request_id: str | None


@dataclass(frozen=True)
class WebhookRow:
    """A webhook, without its secret."""

    id: str
    owner: str
    url: str
    events: list[Any]
    model: str | None
    created_at: datetime


@dataclass(frozen=True)
class WebhookDeliveryRow:
    """A delivery of a webhook."""

    id: str
    webhook_id: str
    event: str
    body: str
    state: str
    attempts: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class WebhookAttemptRow:
    """An attempt of a delivery."""

    delivery_id: str
    attempt: int
    at: datetime
    seconds: float | None
    status: int | None
    error: str | None


@dataclass(frozen=True)
class KeyRow:
    """An API key, without its hash."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    requests_per_minute: int | None
    stored_bytes: int | None


def columns_of(row_type: type[Any], *tables: Table) -> list[Column[Any]]:
    """Return the columns that a row of this type is read from, each of the first table that has it."""
    return [next(table.c[field.name] for table in tables if field.name in table.c) for field in fields(row_type)]


def typed_row(row_type: type[T], row: Row[Any]) -> T:
    """Return a row of a query that selects the columns of this type."""
    return row_type(**row._asdict())


def read_all(connection: Connection, row_type: type[T], query: Select[Any]) -> Sequence[T]:
    """Return the rows of a query that selects the columns of this type."""
    return [typed_row(row_type, row) for row in connection.execute(query)]


def read_first(connection: Connection, row_type: type[T], query: Select[Any]) -> T | None:
    """Return the first row of a query that selects the columns of this type, if there is one."""
    row = connection.execute(query).first()
    return None if row is None else typed_row(row_type, row)
