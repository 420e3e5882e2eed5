"""Evaluations: measures a version on a dataset whose outcomes are known."""

import msgspec
from flask import Response

from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.errors import InputError
from app.routing.paths import VERSION
from app.routing.route import Route
from app.schemas.customer_scores import Money, Share
from app.schemas.field_types import DatasetRef
from app.schemas.job_resource import DeadlineSeconds, Job, Priority
from app.services import Services
from app.submission.dataset_check import find_usable
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, submit_job
from app.submission.training_size import most_memory
from model.columns.schema import listed
from model.errors import Problem, TableError
from model.evaluation.contacts import COSTS_AND_GAINS, DEFAULT_ECONOMICS
from model.evaluation.size import check_evaluation_size
from store.database import Connection
from store.datasets import get_dataset
from store.jobs.submit import Submission
from store.registry.versions import get_version
from store.rows import DatasetRow, VersionRow


class EvaluationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset with known outcomes, and the costs and gains of a contact, for the profit curve.

    Units: customer_value, offer_cost and contact_cost in the same money; acceptance is the probability that a customer
    who would leave takes the offer and stays.
    """

    dataset: DatasetRef
    customer_value: Money = DEFAULT_ECONOMICS.customer_value
    offer_cost: Money = DEFAULT_ECONOMICS.offer_cost
    contact_cost: Money = DEFAULT_ECONOMICS.contact_cost
    acceptance: Share = DEFAULT_ECONOMICS.acceptance
    priority: Priority = 0
    deadline_s: DeadlineSeconds | None = None


def evaluate_version(services: Services, name: str, version: int, body: EvaluationRequest) -> Response:
    """Submit a job that scores a dataset by a version and reports how good the version is on it."""
    key = idempotency_key()
    with services.database.read() as connection:
        most = most_memory(services, connection, "evaluation")
        dataset = _usable(connection, get_version(connection, name, version), body.dataset, most)
    economics = {cost: getattr(body, cost) for cost in COSTS_AND_GAINS}
    submission = Submission(
        "evaluation",
        name,
        dataset.id,
        {"version": version, "economics": economics},
        owner(),
        key,
        priority=body.priority,
        deadline_seconds=body.deadline_s,
    )
    return submit_job(services, submission)


def _usable(connection: Connection, version: VersionRow, named: str, most: int) -> DatasetRow:
    """Return the dataset; refuse one that is missing or too large, or lacks the version's target or all of its columns.

    Raises: InputError.
    """
    dataset, problems = find_usable(connection, named, "/dataset")
    if dataset is None:
        raise InputError.of(problems)
    target = get_dataset(connection, version.dataset_id, gone_too=True).target
    needed = {column["name"] for column in version.columns}
    present = {column["name"] for column in dataset.schema["columns"]} | {dataset.target, dataset.id_column}
    if target not in present:
        text = f"the table has no column {target!r}, which says who churned: it is the target of this version"
        raise InputError.of([Problem("/dataset", "conflict", text)])
    if needed and not needed & present:
        text = f"the table has none of the columns that the version was trained on: {listed(sorted(needed))}"
        raise InputError.of([Problem("/dataset", "conflict", text)])
    try:
        check_evaluation_size(dataset.rows, len(version.columns), most)
    except TableError as error:
        raise InputError.of([Problem("/dataset", "too_large", str(error))]) from None
    return dataset


ROUTES = (
    Route(
        "POST",
        f"{VERSION}/evaluate",
        evaluate_version,
        "train",
        "Evaluate a version on a labelled dataset",
        {202: Job},
        refusals=(404, 410, 413, 415, 422, 429),
        body=EvaluationRequest,
        headers=REQUEST_HEADERS,
        answer_headers=ANSWER_HEADERS,
    ),
)
