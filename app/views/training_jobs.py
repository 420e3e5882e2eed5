"""Training jobs: validates a request completely, commits it as a row, then publishes the job."""

from typing import Annotated, ClassVar

import msgspec
from flask import Response
from msgspec import Meta

from app.access.access_control import require_promotion
from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.edge.responses import json_answer
from app.errors import InputError
from app.routing.route import Route
from app.schemas.field_types import DatasetRef, JsonObject, Slug
from app.schemas.job_resource import DeadlineSeconds, Job, Priority
from app.schemas.training_spec import RECIPE, Schema
from app.services import Services
from app.submission.dataset_check import find_labelled
from app.submission.gate_check import GateRequest, Promote, gate_params, gate_problems
from app.submission.spec_check import dataset_errors, read_spec
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, submit_job
from app.submission.training_size import oversize
from app.submission.untrainable import untrainable
from model.spec import Preset, Recipe, default_recipe
from store.database import Connection
from store.jobs.submit import Submission
from store.rows import DatasetRow

SPEC = (
    "the training spec, every key of which is optional, or the name of a preset; by default the preset auto, and {} "
    "for a table with the columns months, monthly_charge, support_tickets and usage_hours alone"
)


class TrainingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spec to train, the dataset to train on, and the promotion of the result."""

    PUBLISHED: ClassVar[Schema] = {"spec": {**RECIPE, "description": SPEC, "default": None}}

    model: Slug
    dataset: DatasetRef
    spec: Annotated[JsonObject | Preset | None, Meta(description=SPEC)] = None
    promote: Promote = "never"
    gate: GateRequest | None = None
    priority: Priority = 0
    deadline_s: DeadlineSeconds | None = None
    validate_only: bool = False


class ValidTraining(msgspec.Struct, frozen=True):
    """The answer to `validate_only`: the spec as it would be stored, with every default filled in."""

    valid: bool
    spec: JsonObject


def submit_training(services: Services, body: TrainingRequest) -> Response:
    """Submit a training job and answer 202, even while the broker is down; 200 for `validate_only`.

    A `promote` other than `never` may move the alias `champion`, so the key also needs the scope `promote`.
    """
    require_promotion(body.promote)
    key = idempotency_key()
    with services.database.read() as connection:
        spec, dataset = _parse_spec(services, connection, body)
        gate = gate_params(connection, body.gate)
    if body.validate_only:
        return json_answer(ValidTraining(valid=True, spec=spec.to_json()))
    params = {"spec": spec.to_json(), "promote": body.promote, **gate}
    submission = Submission(
        kind="training",
        model=body.model,
        dataset_id=dataset.id,
        params=params,
        owner=owner(),
        idempotency_key=key,
        priority=body.priority,
        deadline_seconds=body.deadline_s,
    )
    return submit_job(services, submission)


def _parse_spec(services: Services, connection: Connection, body: TrainingRequest) -> tuple[Recipe, DatasetRow]:
    """Return the parsed spec, a portfolio with its stages, and the dataset.

    Raises: InputError with all problems of the spec and of the dataset.
    """
    dataset, problems = find_labelled(connection, body.dataset, "/dataset")
    inputs = {column["name"]: column for column in dataset.schema["columns"]} if dataset is not None else {}
    spec, refused = (default_recipe(inputs), []) if body.spec is None else read_spec(body.spec, "/spec")
    problems += [*refused, *gate_problems(connection, body.gate, body.promote, dataset)]
    if spec is not None and dataset is not None:
        spec = spec.planned(dataset.rows)
        problems += dataset_errors(spec.common, inputs, (dataset.target, dataset.id_column), "/spec")
        problems += untrainable(spec.common, inputs, dataset.rows, "/spec")
        problems += oversize(services, connection, spec, dataset)
    if spec is None or dataset is None or problems:
        raise InputError.of(problems)
    return spec, dataset


ROUTES = (
    Route(
        "POST",
        "/v1/jobs/training",
        submit_training,
        "train",
        "Train a version",
        {202: Job, 200: ValidTraining},
        refusals=(410, 413, 415, 422, 429),
        body=TrainingRequest,
        headers=REQUEST_HEADERS,
        answer_headers=ANSWER_HEADERS,
    ),
)
