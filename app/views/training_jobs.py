"""Training jobs: validates a request completely, commits it as a row, then publishes the job."""

from typing import Annotated, Literal

import msgspec
from flask import Response
from msgspec import Meta, to_builtins

from app.access.access_control import require_promotion
from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.edge.responses import json_answer
from app.errors import InputError
from app.routing.route import Route
from app.schemas.field_types import JsonObject, Slug, Uuid
from app.schemas.job_resource import DeadlineSeconds, Job, Priority
from app.services import Services
from app.submission.dataset_check import find_labelled
from app.submission.spec_check import dataset_errors, read_spec
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, submit_job
from app.submission.training_size import oversize
from model.errors import Problem
from model.names import clipped
from model.spec import Preset, Recipe, default_recipe
from store.database import Connection
from store.jobs.submit import Submission
from store.rows import DatasetRow

Promote = Literal["never", "if_better", "always"]
SPEC = (
    "the training spec, every key of which is optional, or the name of a preset; by default the preset auto, and {} "
    "for a table with the columns months, monthly_charge, support_tickets and usage_hours alone"
)


class GateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `if_better` requires of a version: the whole confidence interval of the difference exceeds the margin.

    Only customers count that neither the version nor the champion has seen.
    """

    metric: Literal["log_loss", "auc"] = "log_loss"
    margin: Annotated[float, Meta(ge=0, le=1)] = 0.0
    confidence: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.95
    dataset: Annotated[Uuid, Meta(description="labelled customers to compare on; by default those held out")] | None = (
        None
    )


class TrainingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spec to train, the dataset to train on, and the promotion of the result."""

    model: Slug
    dataset: Uuid
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
        spec = _parse_spec(services, connection, body)
    if body.validate_only:
        return json_answer(ValidTraining(valid=True, spec=spec.to_json()))
    params = {"spec": spec.to_json(), "promote": body.promote}
    if body.gate is not None:
        params["gate"] = {name: value for name, value in to_builtins(body.gate).items() if value is not None}
    submission = Submission(
        kind="training",
        model=body.model,
        dataset_id=body.dataset,
        params=params,
        owner=owner(),
        idempotency_key=key,
        priority=body.priority,
        deadline_seconds=body.deadline_s,
    )
    return submit_job(services, submission)


def gate_problems(gate: GateRequest | None, promote: str) -> list[Problem]:
    """Return the problem of a gate that would have no effect, if it is one."""
    if gate is None or promote == "if_better":
        return []
    return [Problem("/gate", "conflict", "is allowed with promote 'if_better' only")]


def _parse_spec(services: Services, connection: Connection, body: TrainingRequest) -> Recipe:
    """Return the parsed spec; a portfolio with its stages.

    Raises: InputError with all problems of the spec and of the dataset.
    """
    dataset, problems = find_labelled(connection, body.dataset, "/dataset")
    inputs = {column["name"]: column["kind"] for column in dataset.schema["columns"]} if dataset is not None else {}
    spec, refused = (default_recipe(inputs), []) if body.spec is None else read_spec(body.spec, "/spec")
    problems += [*refused, *gate_problems(body.gate, body.promote)]
    if spec is not None and dataset is not None:
        spec = spec.planned(dataset.rows)
        problems += dataset_errors(spec.common, inputs, (dataset.target, dataset.id_column), "/spec")
        problems += oversize(services, connection, spec, dataset)
        problems += _holdout_problems(connection, body.gate, dataset)
    if spec is None or problems:
        raise InputError.of(problems)
    return spec


def _holdout_problems(connection: Connection, gate: GateRequest | None, trained_on: DatasetRow) -> list[Problem]:
    """Return the problems of the dataset that the gate names."""
    if gate is None or gate.dataset is None:
        return []
    here = "/gate/dataset"
    holdout, unusable = find_labelled(connection, gate.dataset, here)
    if holdout is None:
        return unusable
    if holdout.sha256 == trained_on.sha256:
        return [Problem(here, "conflict", "is the dataset to train on: name customers that it does not have")]
    if holdout.target != trained_on.target:
        detail = f"has the target {clipped(holdout.target)!r}, not {clipped(trained_on.target)!r} as the training's"
        return [Problem(here, "conflict", f"{detail} dataset: upload it with the same target")]
    return []


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
