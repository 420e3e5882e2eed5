"""Scoring requests and answers."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.shapes.common import JsonObject, Slug, VersionNumber
from app.shapes.problems import Fault

Money = Annotated[float, Meta(ge=0, le=1e15)]


class ScoreQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version scores: the one an alias points at, or the one of this number."""

    alias: Slug | None = None
    version: VersionNumber | None = None


class Economics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a retention campaign costs and brings for one customer.

    Units: customer_value, offer_cost and contact_cost in the same money; acceptance is the probability that a customer
    who would leave takes the offer and stays.
    """

    customer_value: Money
    offer_cost: Money = 0.0
    contact_cost: Money = 0.0
    acceptance: Annotated[float, Meta(ge=0, le=1)] = 1.0


class ScoreRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to score, as records or column by column; exactly one of the two."""

    records: list[JsonObject] | None = None
    columns: dict[str, list[Any]] | None = None
    explain: Annotated[int, Meta(ge=0, le=1000, description="how many reasons each customer gets")] = 0
    economics: Economics | None = None


class Reason(msgspec.Struct, frozen=True, gc=False):
    """How much one column moved a customer's log-odds away from the baseline customer's."""

    column: str
    value: float | str | bool | None
    contribution: float


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Whether contacting the customer is expected to pay."""

    contact: bool
    expected_profit: float


class Score(msgspec.Struct, frozen=True):
    """One customer's answer: a probability, or why there is none."""

    customer_id: str | int | None = None
    churn_probability: float | UnsetType = UNSET
    reasons: list[Reason] | UnsetType = UNSET
    decision: Decision | UnsetType = UNSET
    error: Fault | UnsetType = UNSET


class Scored(msgspec.Struct, frozen=True):
    """The answer to one scoring request, in its order, all by one version."""

    model: str
    version: int
    alias: str | None
    scores: list[Score]
    errors: int
