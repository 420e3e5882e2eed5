"""Datasets: uploaded tables, each inspected and stored once."""

from http import HTTPStatus as Status

import msgspec
from flask import Response

from app.access.access_control import require_scope, require_uploader
from app.edge.exchange import caller_name, owner
from app.edge.file_answer import FILE_HEADERS, FILE_REFUSALS, FILE_STATUSES, RANGE, file_answer
from app.edge.idempotency import UPLOAD_KEY, answer_once
from app.edge.responses import conditional, json_answer, no_content
from app.errors import InputError
from app.parsing.request_parsing import body_type
from app.routing.route import LOCATION, Route
from app.schemas.field_types import ColumnName, JsonObject, PageQuery, PlainText, Time, time_text
from app.schemas.file_options import FileOptions
from app.services import Services
from app.submission.table_type import TABLE_TYPES
from app.submission.upload import Upload, keep_table, receive_table, reread_table
from model.errors import Problem
from model.tables.file_reading import MEDIA_TYPES, FileReading
from store.artifacts import Artifact
from store.datasets import get_dataset, list_datasets
from store.deletion import delete_dataset as remove_dataset
from store.rows import DatasetRow


class UploadQuery(FileOptions, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"id_column": "id"}):
    """The options of reading an uploaded table. One that is `unlabelled` has no target, or gets one by a reading."""

    target: ColumnName | None = None
    id_column: ColumnName | None = None
    name: PlainText = ""
    unlabelled: bool = False


class ReadingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"id_column": "id"}):
    """The target and the id column to read a stored table with."""

    target: ColumnName
    id_column: ColumnName | None = None


class Dataset(msgspec.Struct, frozen=True):
    """An uploaded table with the result of its inspection; one that was uploaded for scoring has no target.

    `read_as` has the format, compression, encoding, delimiter and sheet of its file, and in `others` the further ones
    that are possible.
    """

    id: str
    name: str
    sha256: str
    bytes: int
    media_type: str
    target: str | None
    id_column: str | None
    rows: int
    positives: int | None
    columns: list[JsonObject]
    warnings: list[JsonObject]
    created_at: Time
    read_as: JsonObject


class DatasetsQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """The datasets to list."""

    name: PlainText | None = None


class DatasetPage(msgspec.Struct, frozen=True):
    """Some datasets, the newest first."""

    datasets: list[Dataset]
    next_page_token: str | None


def upload_dataset(services: Services, query: UploadQuery) -> Response:
    """Inspect and store the body as a dataset; 200 if the same bytes were uploaded with the same options before.

    Of a body of type application/octet-stream, the first bytes decide what it is; the answer's `media_type` says it.
    """
    if (query.target is None) != query.unlabelled:
        detail = "name the column that says who churned; with unlabelled=true, and only then, there is none"
        raise InputError.of([Problem("/query/target", "missing" if query.target is None else "conflict", detail)])
    media_type = body_type(TABLE_TYPES)
    with receive_table(services, owner()) as received:
        return answer_once(services.database, received.sha256, lambda: _add(services, received, media_type, query))


def _add(services: Services, received: Artifact, media_type: str, query: UploadQuery) -> Response:
    upload = Upload(media_type, query.target or "", query.id_column or "", query.name, query)
    return _kept(services, *keep_table(services, received, upload, owner()))


def _kept(services: Services, known: str, new: bool) -> Response:
    with services.database.read() as connection:
        dataset = get_dataset(connection, known)
    answer = json_answer(to_dataset(dataset), Status.CREATED if new else Status.OK)
    answer.headers["Location"] = f"/v1/datasets/{known}"
    return answer


def read_again(services: Services, dataset_id: str, body: ReadingRequest) -> Response:
    """Read a stored table with this target and id; 200 if its bytes were read with them before.

    A dataset of another key takes the scope `read`, too, because the answer shows it.
    """
    with services.database.read() as connection:
        dataset = get_dataset(connection, dataset_id)
    if dataset.owner != owner():
        require_scope("read", because=", which a dataset of another key takes")
    options = FileOptions.of_stored(dataset.read_options)
    upload = Upload(dataset.media_type, body.target, body.id_column or "", dataset.name, options)
    return _kept(services, *reread_table(services, dataset, upload, owner()))


def show_dataset(services: Services, dataset_id: str) -> Response:
    """Return a dataset."""
    with services.database.read() as connection:
        dataset = get_dataset(connection, dataset_id)
    return conditional(json_answer(to_dataset(dataset)))


def download_dataset(services: Services, dataset_id: str) -> Response:
    """Return the table as it was uploaded, byte by byte, or the part that Range names."""
    with services.database.read() as connection:
        row = get_dataset(connection, dataset_id)
    name = f"{dataset_id}{FileReading.of_stored(row.media_type, row.schema).ending}"
    return file_answer(services.artifacts, row.sha256, row.media_type, name, row.created_at)


def delete_dataset(services: Services, dataset_id: str) -> Response:
    """Delete a dataset; deleting it again changes nothing. 409 while an unfinished job reads it, or an alias needs it.

    An alias needs the dataset that its version was trained on. Other versions stay, but cannot be replayed. The caller
    needs the key that uploaded the dataset, or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        require_uploader(get_dataset(connection, dataset_id, gone_too=True))
    by = caller_name()
    services.database.write(lambda connection: remove_dataset(connection, services.artifacts, dataset_id, by=by))
    return no_content()


def show_datasets(services: Services, query: DatasetsQuery) -> Response:
    """List the datasets, the newest first, or those of a name."""
    with services.database.read() as connection:
        page = list_datasets(connection, page_size=query.page_size, page_token=query.page_token, name=query.name)
    return conditional(json_answer(DatasetPage([to_dataset(row) for row in page.rows], page.next_token)))


def to_dataset(row: DatasetRow) -> Dataset:
    """Return a row as the schema of a dataset."""
    return Dataset(
        id=row.id,
        name=row.name,
        sha256=row.sha256,
        bytes=row.size,
        media_type=row.media_type,
        target=row.target or None,
        id_column=row.id_column or None,
        rows=row.rows,
        positives=(row.schema["target"] or {}).get("positives"),
        columns=row.schema["columns"],
        warnings=row.schema["warnings"],
        created_at=str(time_text(row.created_at)),
        read_as=FileReading.of_stored(row.media_type, row.schema).to_json(),
    )


ROUTES = (
    Route(
        "POST",
        "/v1/datasets",
        upload_dataset,
        "train",
        "Upload a table to train on",
        {201: Dataset, 200: Dataset},
        refusals=(409, 413, 415, 422, 507),
        query=UploadQuery,
        uploads=TABLE_TYPES,
        headers=(UPLOAD_KEY,),
        answer_headers=(LOCATION,),
    ),
    Route(
        "POST",
        "/v1/datasets/{dataset_id}/readings",
        read_again,
        "train",
        "Read a stored table with a target",
        {201: Dataset, 200: Dataset},
        refusals=(404, 410, 413, 415, 422, 507),
        body=ReadingRequest,
        answer_headers=(LOCATION,),
    ),
    Route("GET", "/v1/datasets", show_datasets, "read", "List datasets", {200: DatasetPage}, (422,), DatasetsQuery),
    Route("GET", "/v1/datasets/{dataset_id}", show_dataset, "read", "Read a dataset", {200: Dataset}, (404, 410)),
    Route(
        "GET",
        "/v1/datasets/{dataset_id}/content",
        download_dataset,
        "read",
        "Download a dataset",
        dict.fromkeys(FILE_STATUSES, "text/csv"),
        FILE_REFUSALS,
        also=tuple(MEDIA_TYPES)[1:],
        headers=(RANGE,),
        answer_headers=FILE_HEADERS,
    ),
    Route(
        "DELETE",
        "/v1/datasets/{dataset_id}",
        delete_dataset,
        "train",
        "Delete a dataset",
        {204: None},
        (404, 409),
        or_scopes=("score",),
    ),
)
