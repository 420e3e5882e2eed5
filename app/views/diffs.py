"""Diffs: compares two versions by the customers whose predicted side changes."""

from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta

from app.edge.responses import conditional, json_answer
from app.errors import InputError, TooLargeError
from app.routing.paths import VERSION
from app.routing.route import Route
from app.schemas.field_types import Uuid, VersionNumber
from app.scoring.customers import shown_id
from app.services import Services
from app.submission.dataset_check import find_usable
from model.comparison import Comparison, compare
from model.estimator import Estimator
from model.scoring import score_file
from model.tables.reader import MEDIA_TYPES
from store.registry.versions import get_version, load_estimator


class DiffQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version to compare with, the customers that both score, and how much to list."""

    against: VersionNumber
    dataset: Annotated[Uuid, Meta(description="whose customers to score; by default the training's")] | None = None
    threshold: Annotated[float, Meta(gt=0, lt=1, description="customers of at least this probability leave")] = 0.5
    most: Annotated[int, Meta(ge=0, le=1000, description="how many customers to list, the largest changes first")] = 20
    explain: Annotated[int, Meta(ge=0, le=1000, description="how many columns to list for each customer")] = 3


class ColumnChange(msgspec.Struct, frozen=True):
    """How much more one column adds to a customer's log-odds than before."""

    column: str
    value: float | str | bool | None
    change: float


class CustomerChange(msgspec.Struct, frozen=True):
    """A customer who changes sides. The changes of all columns and of the baseline sum to the change in log-odds."""

    customer_id: str | int | None
    churn_probability_before: float
    churn_probability: float
    log_odds_change: float
    reasons: list[ColumnChange]


class Diff(msgspec.Struct, frozen=True):
    """The customers who change sides from one version to another, with reasons."""

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
    """List the customers of a dataset who change sides between two versions, and the columns that move them."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        old, new = (
            Estimator.from_bytes(load_estimator(connection, name, number)) for number in (query.against, version)
        )
        dataset, problems = find_usable(connection, query.dataset or row.dataset_id, "/query/dataset")
    if dataset is None:
        raise InputError.of(problems)
    if dataset.rows > MOST_ROWS:
        raise TooLargeError(
            f"dataset {dataset.id} has {dataset.rows:,} rows, more than the {MOST_ROWS:,} that are compared while you "
            "wait; name a smaller one with ?dataset=, or score it by both with POST /v1/jobs/scoring"
        )
    path, file_format = services.artifacts.open_path(dataset.sha256), MEDIA_TYPES[dataset.media_type]
    with services.comparing.held():
        scored = zip(score_file(old, path, file_format), score_file(new, path, file_format), strict=True)
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
            customer_id=shown_id(customer.customer_id),
            churn_probability_before=customer.probabilities[0],
            churn_probability=customer.probabilities[1],
            log_odds_change=customer.change,
            reasons=[ColumnChange(*contribution) for contribution in customer.contributions[:explain]],
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
