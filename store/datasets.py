"""Datasets: an artifact, the options to read it with, and its inferred schema."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Select, or_, select, update

from store.artifacts import Artifact
from store.audit import record_action
from store.clock import now
from store.errors import ExpiredError, NotFoundError
from store.ids import new_id
from store.pages import Page, after_token, read_page
from store.rows import DatasetRow, columns_of, read_all, read_first
from store.tables import artifacts, datasets
from store.upsert import upsert_into


class ReadingOptions(Protocol):
    """How a table is read. The same bytes with the same options are the same dataset."""

    @property
    def media_type(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def id_column(self) -> str: ...
    @property
    def read_options(self) -> str: ...


@dataclass(frozen=True)
class NewDataset:
    """An uploaded table; `schema` is inferred, and `id_column` is empty where no column names customers.

    `read_options` are those that the upload named, as JSON; empty where the file alone tells how it is read.
    """

    name: str
    media_type: str
    target: str
    id_column: str
    rows: int
    schema: Mapping[str, object]
    read_options: str = ""


def add_dataset(connection: Connection, artifact: Artifact, dataset: NewDataset, *, by: str = "") -> tuple[str, bool]:
    """Store the dataset, or find the one with the same bytes and options; return its id and whether it is new."""
    note_artifact(connection, artifact)
    made = connection.execute(
        upsert_into(connection, datasets)
        .values(id=new_id(), sha256=artifact.sha256, owner=by, **vars(dataset))
        .on_conflict_do_nothing()
        .returning(datasets.c.id)
    ).scalar_one_or_none()
    if made is not None:
        facts = {"name": dataset.name, "sha256": artifact.sha256}
        record_action(connection, "dataset.uploaded", str(made), by=by, data=facts)
        return str(made), True
    same = find_same(connection, artifact.sha256, dataset)
    return str(same), False


def renew_dataset(connection: Connection, artifact: Artifact, dataset_id: str, *, by: str) -> None:
    """Record that a known dataset was uploaded again; if it was deleted or its bytes removed, `by` is its new owner."""
    removed = select(artifacts.c.sha256).where(artifacts.c.removed_at.is_not(None))
    gone = or_(datasets.c.deleted_at.is_not(None), datasets.c.sha256.in_(removed))
    connection.execute(update(datasets).where(datasets.c.id == dataset_id, gone).values(owner=by, deleted_at=None))
    note_artifact(connection, artifact)


def note_artifact(connection: Connection, artifact: Artifact) -> None:
    """Record that these bytes are stored, and were used now."""
    connection.execute(
        upsert_into(connection, artifacts)
        .values(sha256=artifact.sha256, size=artifact.size)
        .on_conflict_do_update(index_elements=["sha256"], set_={"used_at": now(), "removed_at": None})
    )


def use_dataset(connection: Connection, dataset_id: str) -> None:
    """Record that a new job reads the dataset, whose bytes stay while the job is queued or running.

    Raises: ExpiredError where the bytes were removed; NotFoundError.
    """
    read = artifacts.c.sha256.in_(select(datasets.c.sha256).where(datasets.c.id == dataset_id))
    connection.execute(update(artifacts).where(read, artifacts.c.removed_at.is_(None)).values(used_at=now()))
    get_dataset(connection, dataset_id)  # it may have been deleted while this waited for the lock of the artifact


def find_same(connection: Connection, sha256: str, how: ReadingOptions) -> str | None:
    """Return the id of the dataset with the same bytes and options, if there is one."""
    same = select(datasets.c.id).where(
        datasets.c.sha256 == sha256,
        datasets.c.media_type == how.media_type,
        datasets.c.target == how.target,
        datasets.c.id_column == how.id_column,
        datasets.c.read_options == how.read_options,
    )
    return connection.execute(same).scalar_one_or_none()


def find_dataset(connection: Connection, dataset_id: str) -> DatasetRow | None:
    """Return the dataset, if there is one of this id."""
    return read_first(connection, DatasetRow, _query().where(datasets.c.id == dataset_id))


def datasets_named(connection: Connection, name: str, *, most: int) -> Sequence[DatasetRow]:
    """Return the datasets of this name whose bytes are stored, the newest first."""
    return read_all(connection, DatasetRow, _stored().where(datasets.c.name == name).limit(most))


def get_dataset(connection: Connection, dataset_id: str, *, gone_too: bool = False) -> DatasetRow:
    """Return the dataset; `gone_too` for callers that need only its row.

    Raises: NotFoundError; ExpiredError where it was deleted, or its bytes were removed.
    """
    row = find_dataset(connection, dataset_id)
    if row is None:
        raise NotFoundError(f"there is no dataset {dataset_id}; upload it with POST /v1/datasets")
    if gone_too:
        return row
    if row.deleted_at is not None:
        raise ExpiredError(
            f"dataset {dataset_id} was deleted at {row.deleted_at:%Y-%m-%d %H:%M} UTC; upload the table again, and it "
            "has the same id"
        )
    if row.removed_at is not None:
        raise ExpiredError(
            f"the bytes of dataset {dataset_id} were removed at {row.removed_at:%Y-%m-%d %H:%M} UTC, after the time "
            "that datasets are kept (EBB_DATASET_DAYS); upload the table again, and it has the same id"
        )
    return row


def read_names(connection: Connection, dataset_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these datasets by their ids."""
    query = select(datasets.c.id, datasets.c.name).where(datasets.c.id.in_(dataset_ids))
    return {row.id: row.name for row in connection.execute(query)}


def list_datasets(
    connection: Connection, *, page_size: int, page_token: str | None = None, name: str | None = None
) -> Page[DatasetRow]:
    """Return a page of the datasets whose bytes are stored, the newest first; only those of a name, if it is given.

    Raises: PageTokenError.
    """
    query = _stored() if name is None else _stored().where(datasets.c.name == name)
    if page_token is not None:
        query = query.where(datasets.c.id < after_token(page_token))
    return read_page(connection, DatasetRow, query, page_size, lambda row: row.id)


def _stored() -> Select[Any]:
    stored = (artifacts.c.removed_at.is_(None), datasets.c.deleted_at.is_(None))
    return _query().where(*stored).order_by(datasets.c.id.desc())


def _query() -> Select[Any]:
    return select(*columns_of(DatasetRow, datasets, artifacts)).join_from(datasets, artifacts)
