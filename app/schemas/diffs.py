"""What changes between two versions, in requests and answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.schemas.field_types import Uuid, VersionNumber


class DiffQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version to compare with, on which customers, and how much to tell."""

    against: VersionNumber
    dataset: (
        Annotated[Uuid, Meta(description="whose customers; the version's own training table by default")] | None
    ) = None
    threshold: Annotated[float, Meta(gt=0, lt=1, description="who is at least as likely to leave, leaves")] = 0.5
    most: Annotated[int, Meta(ge=0, le=1000, description="how many customers to tell, the largest changes first")] = 20
    explain: Annotated[int, Meta(ge=0, le=1000, description="how many columns to tell of each")] = 3


class ColumnChange(msgspec.Struct, frozen=True):
    """How much more one column adds to a customer's log-odds than before."""

    column: str
    value: float | str | bool | None
    change: float


class ChangedCustomer(msgspec.Struct, frozen=True):
    """A customer who changes sides; all columns' changes and the baseline's sum to the change in log-odds."""

    customer_id: str | int | None
    churn_probability_before: float
    churn_probability: float
    log_odds_change: float
    reasons: list[ColumnChange]


class Diff(msgspec.Struct, frozen=True):
    """Which customers change sides from one version to another, and why."""

    model: str
    version: int
    against: int
    dataset: str
    threshold: float
    rows: int
    errors: int
    to_leaving: int
    to_staying: int
    mean_probability_change: float
    baseline_log_odds_change: float
    customers: list[ChangedCustomer]
