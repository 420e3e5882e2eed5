"""Checks the size of a training or sweep against what one job can store and the memory that the workers give it."""

from dataclasses import replace
from typing import Any

from app.errors import InputError
from app.services import Services
from app.submission.spec_check import read_spec
from model.errors import Problem, SpecError
from model.spec import Recipe, Spec
from model.sweep.paused import limits_beside
from model.sweep.plan_parser import parse_plan
from model.sweep.sweep_plan import SweepPlan
from model.training.expected import expected_shape
from model.training.footprint import Shape, SizeLimits, check_size, footprint, too_large
from store.database import Connection
from store.datasets import get_dataset
from store.job_states import JobKind
from store.jobs.checkpoints import MOST_BYTES
from store.rows import DatasetRow, JobRow
from store.workers import most_job_bytes


def oversize(services: Services, connection: Connection, recipe: Recipe, dataset: DatasetRow) -> list[Problem]:
    """Return the problem of a spec or portfolio that is too large for this dataset.

    Whether the layers fit together is checked by the training, which knows the exact number of features.
    """
    stages = recipe.planned(dataset.rows).stages
    shape = expected_shape(dataset.schema["columns"], dataset.rows, stages[0])  # all stages read the same features
    try:
        check_size(stages, shape, _limits(services, connection, "training"))
    except SpecError as error:
        large = [problem for problem in error.problems if problem.code == "too_large"]
        return [replace(problem, pointer=f"/spec{problem.pointer}") for problem in large]
    return []


def oversize_sweep(services: Services, connection: Connection, plan: SweepPlan, dataset: DatasetRow) -> list[Problem]:
    """Return the problems of the configurations that are too large for this dataset, beside those that are paused."""
    most, shapes, found = _limits(services, connection, "sweep"), dict[Any, Shape](), list[list[Problem]]()
    for spec in plan.specs:
        decisive = (spec.columns, spec.embedded, spec.validation, spec.numbers)
        if decisive not in shapes:
            shapes[decisive] = expected_shape(dataset.schema["columns"], dataset.rows, spec)
        found.append(_of_configuration(spec, shapes[decisive], most, plan.most_paused))
    return plan.placed(found)


def _of_configuration(spec: Spec, shape: Shape, most: SizeLimits, paused: int) -> list[Problem]:
    """Return the problem of a configuration that is too large beside those that are paused."""
    try:
        sizes = footprint(spec, shape)
    except SpecError:  # layers that do not fit together: the configuration loses
        return []
    problem = too_large(sizes, shape, limits_beside(most, paused, sizes.state))
    return [] if problem is None else [problem]


def check_stored(services: Services, connection: Connection, raw: object, dataset_id: str) -> None:
    """Refuse to train a stored spec again if it is too large.

    Raises: InputError, whose pointers are into the spec; NotFoundError.
    """
    spec, _ = read_spec(raw, "/spec")
    if spec is not None and (problems := oversize(services, connection, spec, get_dataset(connection, dataset_id))):
        raise InputError.of(problems)


def check_retried(services: Services, connection: Connection, job: JobRow) -> None:
    """Refuse to do a job again whose training is too large.

    Raises: InputError, NotFoundError.
    """
    if job.kind == "sweep":
        plan, dataset = parse_plan(job.params), get_dataset(connection, job.dataset_id)
        if problems := oversize_sweep(services, connection, plan, dataset):
            raise InputError.of(problems)
    elif "spec" in job.params:
        check_stored(services, connection, job.params["spec"], job.dataset_id)


def most_memory(services: Services, connection: Connection, kind: JobKind) -> int:
    """Return the memory that the workers give a job of this kind; without any, EBB_TRAINING_BYTES of this process."""
    settings = services.settings
    return most_job_bytes(connection, kind, within_seconds=settings.alive_seconds) or settings.training_bytes


def _limits(services: Services, connection: Connection, kind: JobKind) -> SizeLimits:
    return SizeLimits(most_memory(services, connection, kind), MOST_BYTES)
