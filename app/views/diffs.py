"""What changes between two versions: both score the same customers."""

from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta

from app.edge.responses import conditional, json_answer
from app.errors import InputError, TooLargeError
from app.routing.route import Route
from app.schemas.field_types import Uuid, VersionNumber
from app.scoring.ids import shown
from app.server.services import Services
from app.views.datasets import EXPIRED
from app.views.models import VERSION
from model.comparison import Comparison, compare
from model.errors import Problem
from model.estimator import Estimator
from model.scoring import score_file
from model.tables.reader import MEDIA_TYPES
from store.datasets import find_dataset
from store.registry.versions import get_version, load_estimator


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


class CustomerChange(msgspec.Struct, frozen=True):
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
    customers: list[CustomerChange]


MOST_ROWS = 100_000


def show_diff(services: Services, name: str, version: int, query: DiffQuery) -> Response:
    """Tell which customers of a dataset change sides between two versions, and which columns move them."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        old, new = (
            Estimator.from_bytes(load_estimator(connection, name, number)) for number in (query.against, version)
        )
        dataset = find_dataset(connection, query.dataset or row.dataset_id)
    if dataset is None:
        raise InputError.of([Problem("/query/dataset", "not_found", "there is no such dataset")])
    if dataset.removed_at is not None:
        raise InputError.of([Problem("/query/dataset", "expired", EXPIRED)])
    if dataset.rows > MOST_ROWS:
        raise TooLargeError(
            f"dataset {dataset.id} has {dataset.rows:,} rows, more than the {MOST_ROWS:,} that are compared while you "
            "wait; name a smaller one with ?dataset=, or score it by both with POST /v1/jobs/scoring"
        )
    path, kind = services.artifacts.open_path(dataset.sha256), MEDIA_TYPES[dataset.media_type]
    with services.comparing.held():
        scored = zip(score_file(old, path, kind), score_file(new, path, kind), strict=True)
        found = compare(old, new, scored, threshold=query.threshold, most=query.most)
    return conditional(
        json_answer(
            Diff(
                model=name,
                version=version,
                against=query.against,
                dataset=dataset.id,
                threshold=query.threshold,
                rows=found.rows,
                errors=found.errors,
                to_leaving=found.to_leaving,
                to_staying=found.to_staying,
                mean_probability_change=found.mean_change,
                baseline_log_odds_change=found.baseline_change,
                customers=_customers(found, query.explain),
            )
        )
    )


def _customers(found: Comparison, explain: int) -> list[CustomerChange]:
    return [
        CustomerChange(
            customer_id=shown(customer.customer_id),
            churn_probability_before=customer.probabilities[0],
            churn_probability=customer.probabilities[1],
            log_odds_change=customer.change,
            reasons=[ColumnChange(share.column, share.value, share.change) for share in customer.shares[:explain]],
        )
        for customer in found.changed
    ]


ROUTES = (
    Route(
        "GET",
        f"{VERSION}/diff",
        show_diff,
        "read",
        "Compare two versions",
        {200: Diff},
        (404, 409, 413, 422),
        DiffQuery,
    ),
)
