"""Sweep jobs: compare configurations of a spec by cross-validation; the winner becomes a version."""

from typing import Annotated, ClassVar

import msgspec
from flask import Response
from msgspec import Meta, to_builtins

from app.access.access_control import require_promotion
from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.edge.responses import json_answer
from app.errors import InputError
from app.routing.route import Route
from app.schemas.field_types import DatasetRef, JsonObject, Slug
from app.schemas.job_resource import DeadlineSeconds, Job, Priority
from app.schemas.training_spec import TRAINING_SPEC, Schema
from app.services import Services
from app.submission.dataset_check import find_labelled
from app.submission.gate_check import GateRequest, Promote, gate_params, gate_problems
from app.submission.spec_check import dataset_errors
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, submit_job
from app.submission.training_size import oversize_sweep
from model.errors import Problem, SpecError
from model.sweep.plan_parser import MOST_CONFIGURATIONS, parse_plan
from model.sweep.sweep_plan import SweepPlan
from store.database import Connection
from store.jobs.submit import Submission
from store.rows import DatasetRow

SPEC = "the training spec that the configurations change"
Listed = Annotated[
    list[JsonObject],
    Meta(min_length=2, max_length=MOST_CONFIGURATIONS, description="changes of the spec, one configuration each"),
]
Drawn = Annotated[int, Meta(ge=2, le=MOST_CONFIGURATIONS, description="how many configurations of the space to try")]
Seed = Annotated[int, Meta(ge=0, le=2**53, description="of the configurations that are drawn; 0 by default")]


class HalvingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After `first_epochs` one in `factor` configurations trains on, to `factor` times as many epochs, and so on."""

    first_epochs: Annotated[int, Meta(ge=1, le=1_000_000)]
    factor: Annotated[int, Meta(ge=2, le=10)] = 3


class SweepRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spec, its changes to compare, the folds that compare them, and the promotion of the winner."""

    PUBLISHED: ClassVar[Schema] = {"spec": {**TRAINING_SPEC, "description": SPEC, "default": {}}}

    model: Slug
    dataset: DatasetRef
    spec: Annotated[JsonObject, Meta(description=SPEC)] = {}
    configurations: Listed | Drawn | None = None
    space: Annotated[JsonObject, Meta(description="values for settings of the spec, or an interval")] | None = None
    seed: Seed | None = None
    folds: Annotated[int, Meta(ge=2, le=20)] = 5
    halving: HalvingRequest | None = None
    promote: Promote = "never"
    gate: GateRequest | None = None
    priority: Priority = 0
    deadline_s: DeadlineSeconds | None = None
    validate_only: bool = False


class HalvingRung(msgspec.Struct, frozen=True):
    """How many configurations are compared after how many epochs."""

    epochs: int
    configurations: int


class ValidSweep(msgspec.Struct, frozen=True):
    """The answer to `validate_only`: the configurations as they would be stored, and the rungs."""

    valid: bool
    spec: JsonObject
    configurations: list[JsonObject]
    rungs: list[HalvingRung]


def submit_sweep(services: Services, body: SweepRequest) -> Response:
    """Submit a sweep and answer 202, even while the broker is down; 200 for `validate_only`.

    A `promote` other than `never` may move the alias `champion`, so the key also needs the scope `promote`.
    """
    require_promotion(body.promote)
    key = idempotency_key()
    with services.database.read() as connection:
        plan, dataset = _parse_plan(services, connection, body)
        gate = gate_params(connection, body.gate)
    params = {**plan.to_json(), "promote": body.promote, **gate}
    if body.validate_only:
        rungs = [HalvingRung(rung.epochs, rung.configurations) for rung in plan.rungs]
        return json_answer(ValidSweep(True, params["spec"], params["configurations"], rungs))
    submission = Submission(
        kind="sweep",
        model=body.model,
        dataset_id=dataset.id,
        params=params,
        owner=owner(),
        idempotency_key=key,
        priority=body.priority,
        deadline_seconds=body.deadline_s,
    )
    return submit_job(services, submission)


def _parse_plan(services: Services, connection: Connection, body: SweepRequest) -> tuple[SweepPlan, DatasetRow]:
    """Return the parsed plan, and the dataset.

    Raises: InputError with all problems of the plan and of the dataset.
    """
    plan, problems = None, list[Problem]()
    try:
        plan = parse_plan(to_builtins(body))
    except SpecError as error:
        problems += error.problems
    dataset, unusable = find_labelled(connection, body.dataset, "/dataset")
    problems = [*unusable, *problems, *gate_problems(connection, body.gate, body.promote, dataset)]
    if plan is not None and dataset is not None:
        problems += _dataset_problems(plan, dataset) or oversize_sweep(services, connection, plan, dataset)
    if plan is None or dataset is None or problems:
        raise InputError.of(problems)
    return plan, dataset


def _dataset_problems(plan: SweepPlan, dataset: DatasetRow) -> list[Problem]:
    """Return the problems with the dataset of the sweep's spec, or else those of its configurations."""
    inputs = {column["name"]: column for column in dataset.schema["columns"]}
    others = (dataset.target, dataset.id_column)
    problems = dataset_errors(plan.spec, inputs, others, "/spec")
    return problems or plan.placed([dataset_errors(spec, inputs, others, "") for spec in plan.specs])


ROUTES = (
    Route(
        "POST",
        "/v1/jobs/sweep",
        submit_sweep,
        "train",
        "Compare configurations",
        {202: Job, 200: ValidSweep},
        refusals=(410, 413, 415, 422, 429),
        body=SweepRequest,
        headers=REQUEST_HEADERS,
        answer_headers=ANSWER_HEADERS,
    ),
)
