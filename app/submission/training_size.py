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
from model.training.footprint import Shape, SizeLimits, check_size, footprint
from store.database import Connection
from store.datasets import get_dataset
from store.job_states import JobKind
from store.jobs.checkpoints import MOST_BYTES
from store.rows import DatasetRow, JobRow
from store.workers import most_job_bytes


def oversize(services: Services, connection: Connection, recipe: Recipe, dataset: DatasetRow) -> list[Problem]:
    """Return the problems of a spec, or of the first stage of a portfolio, that is too large for this dataset.

    Whether the layers fit together is checked by the training, which knows the exact number of features.
    """
    limits = _limits(services, connection, "training")
    for spec in recipe.planned(dataset.rows).stages:
        shape = expected_shape(dataset.schema["columns"], dataset.rows, spec)
        if problems := _too_large(spec, shape, limits, "/spec"):
            return problems
    return []


def oversize_sweep(services: Services, connection: Connection, plan: SweepPlan, dataset: DatasetRow) -> list[Problem]:
    """Return the problems of the configurations that are too large for this dataset, beside those that are paused."""
    most, shapes, problems = _limits(services, connection, "sweep"), dict[Any, Shape](), list[Problem]()
    for spec, pointer in zip(plan.specs, plan.pointers, strict=True):
        decisive = (spec.columns, spec.embedded, spec.validation)
        if decisive not in shapes:
            shapes[decisive] = expected_shape(dataset.schema["columns"], dataset.rows, spec)
        shape = shapes[decisive]
        try:
            state = footprint(spec, shape).state
        except SpecError:  # layers that do not fit together: the configuration loses
            continue
        problems += _too_large(spec, shape, limits_beside(most, plan.most_paused, state), pointer)
    return problems


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


def _limits(services: Services, connection: Connection, kind: JobKind) -> SizeLimits:
    """Return the limits of a job: the memory is the workers'; without any, EBB_TRAINING_BYTES of this process."""
    settings = services.settings
    memory = most_job_bytes(connection, kind, within_seconds=settings.alive_seconds) or settings.training_bytes
    return SizeLimits(memory, MOST_BYTES)


def _too_large(spec: Spec, shape: Shape, most: SizeLimits, here: str) -> list[Problem]:
    try:
        check_size(spec, shape, most)
    except SpecError as error:
        large = [problem for problem in error.problems if problem.code == "too_large"]
        return [replace(problem, pointer=f"{here}{problem.pointer}") for problem in large]
    return []
