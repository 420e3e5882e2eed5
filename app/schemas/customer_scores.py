"""Scoring requests and answers."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.schemas.field_types import ColumnName, OwnRecord, Slug, VersionNumber
from app.schemas.file_options import FileOptions
from app.schemas.problem_details import Fault
from model.call_list import MOST_CALLS
from model.estimator import Direction

Money = Annotated[float, Meta(ge=0, le=1e15)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
CellValue = Annotated[Any, Meta(extra_json_schema={"type": ["string", "number", "boolean", "null"]})]
Explain = Annotated[int, Meta(ge=0, le=1000, description="how many reasons each customer gets")]
ReasonDirection = Annotated[
    Direction, Meta(description="only reasons that raise the risk, or only those that lower it; needs explain")
]


class EconomicsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The costs and gains of a retention campaign per customer, and its limits.

    Units: customer_value, offer_cost, contact_cost and budget in the same money; acceptance is the probability that a
    customer who would leave takes the offer and stays; capacity is a number of customers.
    """

    customer_value: Money
    offer_cost: Money = 0.0
    contact_cost: Money = 0.0
    acceptance: Share = 1.0
    budget: Money | None = None
    capacity: Count | None = None


class CallListRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The economics of a call list of a whole table: a customer is worth `customer_value`, or a column of the table.

    A customer is worth `value_times` the `value_column`: 12 for a monthly price makes a year. Customers who have left,
    as the dataset's target says, are listed only `with_churned`.
    """

    customer_value: Money | None = None
    value_column: ColumnName | None = None
    value_times: Money = 1.0
    offer_cost: Money = 0.0
    contact_cost: Money = 0.0
    acceptance: Share = 1.0
    budget: Money | None = None
    capacity: Annotated[int, Meta(ge=0, le=MOST_CALLS)] = MOST_CALLS
    with_churned: bool = False


class ScoreQuery(FileOptions, frozen=True, forbid_unknown_fields=True):
    """The version that scores, by its alias or number; and the options of the body, for bodies other than JSON."""

    alias: Slug | None = None
    version: VersionNumber | None = None
    explain: Explain | None = None
    direction: ReasonDirection | None = None
    customer_value: Money | None = None
    offer_cost: Money | None = None
    contact_cost: Money | None = None
    acceptance: Share | None = None
    budget: Money | None = None
    capacity: Count | None = None


class ScoreRecords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to score, as records: objects from the names of columns to values."""

    records: Annotated[list[OwnRecord], Meta(min_length=1, max_length=10_000)]
    explain: Explain = 0
    direction: ReasonDirection | None = None
    economics: EconomicsRequest | None = None


class ScoreColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to score, column by column: each has a value for every customer."""

    columns: Annotated[dict[str, Annotated[list[CellValue], Meta(min_length=1, max_length=10_000)]], Meta(min_length=1)]
    explain: Explain = 0
    direction: ReasonDirection | None = None
    economics: EconomicsRequest | None = None


class ScoreRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Customers to score, as `records` or as `columns`; exactly one of the two."""

    ALTERNATIVES: ClassVar[tuple[type[msgspec.Struct], ...]] = (ScoreRecords, ScoreColumns)

    records: list[OwnRecord] | None = None
    columns: dict[str, list[Any]] | None = None
    explain: Explain = 0
    direction: ReasonDirection | None = None
    economics: EconomicsRequest | None = None


class ColumnContribution(msgspec.Struct, frozen=True, gc=False):
    """The contribution of one column: by how much it moves the log-odds away from the baseline's.

    `text` says the value in a sentence, in the words of the training spec; it is text, not HTML.
    """

    column: str
    value: float | str | bool | None
    contribution: float
    text: str


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Whether to contact the customer, and the expected profit of that."""

    contact: bool
    expected_profit: float


class Score(msgspec.Struct, frozen=True, gc=False):
    """One customer's answer: a probability, or the error.

    The id is in `customer_id`, and also under the dataset's own name for it, which `id_column` of the answer tells.
    `gap` is the difference between the explained log-odds and the sum of all contributions, listed or not.
    """

    customer_id: str | int | None = None
    churn_probability: float | UnsetType = UNSET
    reasons: list[ColumnContribution] | UnsetType = UNSET
    gap: float | UnsetType = UNSET
    decision: Decision | UnsetType = UNSET
    error: Fault | UnsetType = UNSET


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """A customer to contact: the index in the request, from 0, and the id."""

    record: int
    customer_id: str | int | None


class Campaign(msgspec.Struct, frozen=True):
    """The totals of contacting the customers with `contact: true`.

    `threshold` is the probability above which a contact pays; null if none does. With a budget or a capacity, `chosen`
    lists the customers to contact, the most profitable first.
    """

    threshold: float | None
    contacts: int
    expected_cost: float
    expected_profit: float
    chosen: list[Chosen] | UnsetType = UNSET


class Scored(msgspec.Struct, frozen=True):
    """The answer to one scoring request, in the order of the request, by one version.

    `unseen` counts by column the customers with a category unknown to training, `imputed` those without a value.
    `id_column` is the dataset's name for the ids, under which each score has its id beside `customer_id`.
    """

    model: str
    version: int
    alias: str | None
    scores: list[Score]
    errors: int
    unseen: dict[str, int]
    imputed: dict[str, int]
    id_column: str
    campaign: Campaign | UnsetType = UNSET
