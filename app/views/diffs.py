"""Diffs: compares two versions by the customers whose predicted side changes."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from flask import Response
from msgspec import Meta

from app.edge.responses import conditional, json_answer
from app.errors import InputError, TooLargeError
from app.routing.paths import VERSION
from app.routing.route import Route
from app.schemas.field_types import DatasetRef, VersionNumber
from app.schemas.own_id import with_own_id
from app.scoring.customers import id_names, shown_id
from app.services import Services
from app.submission.dataset_check import find_usable
from model.comparison import Changes, Comparison, compare
from model.errors import TableError
from model.estimator import Estimator
from model.gate import judge_table
from model.scoring import score_file
from model.tables.file_reading import FileReading
from model.unseen import Contender, read_rows
from store.database import Connection
from store.datasets import get_dataset
from store.registry.versions import get_version, load_estimator, load_seen_rows
from store.rows import DatasetRow


class DiffQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version to compare with, the customers that both score, and how much to list."""

    against: VersionNumber
    dataset: Annotated[DatasetRef, Meta(description="whose customers to score; by default the training's")] | None = (
        None
    )
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


class UnseenChanges(msgspec.Struct, frozen=True):
    """The changes of the customers whom neither version has seen."""

    rows: int
    to_leaving: int
    to_staying: int
    mean_probability_change: float


class VersionQuality(msgspec.Struct, frozen=True):
    """Which version is better on the customers whom neither has seen; `difference` is above zero if `version` is.

    The verdict is `better`, `not_better` or `cannot_tell`. Without figures there are too few such customers, or their
    outcomes are not known.
    """

    verdict: str
    reason: str
    metric: str
    version: float | None = None
    against: float | None = None
    difference: float | None = None
    interval: list[float] | None = None
    confidence: float | None = None
    rows: int | None = None
    churned: int | None = None
    labelled_rows: int | None = None
    seen_by_version: int | None = None
    seen_by_against: int | None = None


class Diff(msgspec.Struct, frozen=True):
    """The customers who change sides from one version to another, with reasons.

    `unseen` is null where it is not known whom the versions have seen. `id_column` is the dataset's name for the ids,
    under which each customer has the id beside `customer_id`.
    """

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
    unseen: UnseenChanges | None
    quality: VersionQuality
    id_column: str


MOST_ROWS = 100_000
SEED = 0  # of the interval: the same request gets the same answer


def show_diff(services: Services, name: str, version: int, query: DiffQuery) -> Response:
    """List the customers of a dataset who change sides between two versions, and the columns that move them."""
    return conditional(json_answer(find_diff(services, name, version, query)))


def find_diff(services: Services, name: str, version: int, query: DiffQuery) -> Diff:
    """Score a dataset by two versions, and return who changes sides.

    Raises: NotFoundError, InputError, TooLargeError; the errors of the model.
    """
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        old, new = (_contender(services, connection, name, number) for number in (query.against, version))
        dataset, problems = find_usable(connection, query.dataset or row.dataset_id, "/query/dataset")
    if dataset is None:
        raise InputError.of(problems)
    _check_rows(dataset)
    table = services.artifacts.open_path(dataset.sha256), FileReading.of_stored(dataset.media_type, dataset.schema)
    with services.comparing.held():
        rows = partial(read_rows, *table, old, new)
        unseen, result, counts = judge_table(rows, dataset.target, old, new, SEED)
        both = (old.estimator, new.estimator)
        scored = zip(*(score_file(each, *table) for each in both), strict=True)
        found = compare(*both, scored, threshold=query.threshold, most=query.most, unseen=unseen)
    id_name = id_names(new.estimator)[0]
    return Diff(
        model=name,
        version=version,
        against=query.against,
        dataset=dataset.id,
        threshold=query.threshold,
        rows=found.total.rows,
        errors=found.total.errors,
        to_leaving=found.total.to_leaving,
        to_staying=found.total.to_staying,
        mean_probability_change=found.total.mean_change,
        baseline_log_odds_change=found.baseline_change,
        customers=_customers(found, query.explain, id_name),
        unseen=None if unseen is None else _unseen(found.unseen),
        quality=_quality({**result.to_json(), **counts}),
        id_column=id_name,
    )


def _check_rows(dataset: DatasetRow) -> None:
    """Refuse a dataset that would take too long.

    Raises: TooLargeError.
    """
    if dataset.rows > MOST_ROWS:
        raise TooLargeError(
            f"dataset {dataset.id} has {dataset.rows:,} rows, more than the {MOST_ROWS:,} that are compared while you "
            "wait; name a smaller one with ?dataset=, or score it by both with POST /v1/jobs/scoring"
        )


def _contender(services: Services, connection: Connection, model: str, version: int) -> Contender:
    """Return a version with the rows that it has seen."""
    dataset = get_dataset(connection, get_version(connection, model, version).dataset_id)

    def open_table() -> tuple[Path, FileReading]:
        if dataset.rows > MOST_ROWS:
            raise TableError(f"version {version} is of an earlier release, which kept no digests of the rows")
        path = services.artifacts.open_path(dataset.sha256)
        return path, FileReading.of_stored(dataset.media_type, dataset.schema)

    estimator = Estimator.from_bytes(load_estimator(connection, model, version))
    return Contender.of_version(version, estimator, load_seen_rows(connection, model, version), open_table)


def _unseen(changes: Changes) -> UnseenChanges:
    return UnseenChanges(changes.rows, changes.to_leaving, changes.to_staying, changes.mean_change)


def _quality(facts: Mapping[str, Any]) -> VersionQuality:
    names = {"candidate": "version", "champion": "against"}
    names |= {f"seen_by_{old}": f"seen_by_{new}" for old, new in names.items()}
    shown = {names.get(name, name): value for name, value in facts.items()}
    return VersionQuality(**{name: value for name, value in shown.items() if name in VersionQuality.__struct_fields__})


def _customers(found: Comparison, explain: int, id_name: str) -> list[CustomerChange]:
    own = with_own_id(CustomerChange, id_name)
    shape = CustomerChange if own is None else own
    return [
        shape(
            **({} if own is None else {"own_id": shown_id(customer.customer_id)}),
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
