"""Model cards: what a version is, was made of, is good for and is not.

Source: Mitchell et al., Model Cards for Model Reporting (2019), whose sections these are.
"""

import msgspec

from app.schemas.field_types import JsonObject, Time


class CardDetails(msgspec.Struct, frozen=True):
    """What the version is, and how to make it again."""

    created_at: Time
    job_id: str
    layers: list[str]
    parameters: int
    spec: JsonObject
    environment: JsonObject
    weights_sha256: str


class CardColumn(msgspec.Struct, frozen=True):
    """An input column, and what the baseline customer has there."""

    name: str
    kind: str
    missing: int | None
    baseline: float | str | bool | None


class CardData(msgspec.Struct, frozen=True):
    """What it was trained on."""

    dataset: str
    name: str
    sha256: str
    rows: int
    target: str
    columns: list[CardColumn]
    left_out: list[str]
    warnings: list[str]


class Card(msgspec.Struct, frozen=True):
    """All that somebody who is to rely on a version should know of it."""

    model: str
    version: int
    aliases: list[str]
    intended_use: str
    details: CardDetails
    training_data: CardData
    metrics: JsonObject
    limitations: list[str]
