"""Scoring requests and answers."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.schemas.field_types import OwnRecord, Slug, VersionNumber
from app.schemas.problem_details import Fault

Money = Annotated[float, Meta(ge=0, le=1e15)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
SOME = {"minItems": 1, "maxItems": 10_000}
EACH = {"minProperties": 1, "additionalProperties": SOME}
Explain = Annotated[int, Meta(ge=0, le=1000, description="how many reasons each customer gets")]


class EconomicsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a retention campaign costs and brings for one customer, and how far it may go.

    Units: customer_value, offer_cost, contact_cost and budget in the same money; acceptance is the probability that a
    customer who would leave takes the offer and stays; capacity is a number of customers.
    """

    customer_value: Money
    offer_cost: Money = 0.0
    contact_cost: Money = 0.0
    acceptance: Share = 1.0
    budget: Money | None = None
    capacity: Count | None = None


class ScoreQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version scores: the one an alias points at, or the one of this number.

    What else is asked for: see the body's `explain` and `economics`.
    """

    alias: Slug | None = None
    version: VersionNumber | None = None
    explain: Explain | None = None
    customer_value: Money | None = None
    offer_cost: Money | None = None
    contact_cost: Money | None = None
    acceptance: Share | None = None
    budget: Money | None = None
    capacity: Count | None = None


class ScoreRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to score, as records or column by column; exactly one of the two."""

    PUBLISHED: ClassVar[dict[str, object]] = {
        "oneOf": [
            {
                "required": ["records"],
                "properties": {"records": {"type": "array", **SOME}, "columns": {"type": "null"}},
            },
            {
                "required": ["columns"],
                "properties": {"columns": {"type": "object", **EACH}, "records": {"type": "null"}},
            },
        ]
    }

    records: list[OwnRecord] | None = None
    columns: dict[str, list[Any]] | None = None
    explain: Explain = 0
    economics: EconomicsRequest | None = None


class ColumnContribution(msgspec.Struct, frozen=True, gc=False):
    """How much one column moved a customer's log-odds away from the baseline customer's."""

    column: str
    value: float | str | bool | None
    contribution: float


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Whether to contact the customer, and what that is expected to bring."""

    contact: bool
    expected_profit: float


class Score(msgspec.Struct, frozen=True):
    """One customer's answer: a probability, or why there is none.

    `gap` is by how much all reasons together, those not told too, miss the log-odds difference they explain.
    """

    customer_id: str | int | None = None
    churn_probability: float | UnsetType = UNSET
    reasons: list[ColumnContribution] | UnsetType = UNSET
    gap: float | UnsetType = UNSET
    decision: Decision | UnsetType = UNSET
    error: Fault | UnsetType = UNSET


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """A customer to contact: the place in the request, from 0, and the id."""

    record: int
    customer_id: str | int | None


class Campaign(msgspec.Struct, frozen=True):
    """What contacting the customers with `contact: true` comes to.

    `threshold` is the probability above which a contact pays; null where none does. With a budget or a capacity,
    `chosen` lists whom to contact, the most profitable first.
    """

    threshold: float | None
    contacts: int
    expected_cost: float
    expected_profit: float
    chosen: list[Chosen] | UnsetType = UNSET


class Scored(msgspec.Struct, frozen=True):
    """The answer to one scoring request, in its order, all by one version.

    `unseen` counts by column the customers of a category that training did not know, `imputed` those without a value.
    """

    model: str
    version: int
    alias: str | None
    scores: list[Score]
    errors: int
    unseen: dict[str, int]
    imputed: dict[str, int]
    campaign: Campaign | UnsetType = UNSET
