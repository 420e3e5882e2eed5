"""Datasets in requests and answers."""

import msgspec

from app.schemas.field_types import ColumnName, JsonObject, PlainText, Time


class UploadQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"id_column": "id"}):
    """How an uploaded table is to be read."""

    target: ColumnName
    id_column: ColumnName | None = None
    name: PlainText = ""


class Dataset(msgspec.Struct, frozen=True):
    """An uploaded table and what was found in it; one that was sent to be scored has no target."""

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


class DatasetPage(msgspec.Struct, frozen=True):
    """Some datasets, the newest first."""

    datasets: list[Dataset]
    next_page_token: str | None
