"""Scoring jobs in requests."""

from typing import Literal

import msgspec

from app.schemas.customer_scores import Explain
from app.schemas.field_types import PlainText, Slug, Uuid, VersionNumber
from app.schemas.jobs import DeadlineSeconds, Priority

OutputName = Literal["csv", "ndjson", "parquet"]


class ScoringRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset to score, by which version, and what the result is to look like."""

    model: Slug
    dataset: Uuid
    alias: Slug | None = None
    version: VersionNumber | None = None
    output: OutputName = "csv"
    explain: Explain = 0
    priority: Priority = 0
    deadline_s: DeadlineSeconds | None = None


class ScoringQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same beside a body that is the table itself, which then needs the model."""

    model: Slug | None = None
    alias: Slug | None = None
    version: VersionNumber | None = None
    output: OutputName | None = None
    explain: Explain | None = None
    priority: Priority | None = None
    deadline_s: DeadlineSeconds | None = None
    name: PlainText | None = None
