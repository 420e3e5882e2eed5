"""Checks the size of a training against what one job can store and the memory that the workers give it."""

from collections.abc import Mapping
from dataclasses import replace

from app.errors import InputError
from app.services import Services
from app.submission.spec_check import read_spec
from model.errors import Problem, SpecError
from model.spec import Spec
from model.training.expected import expected_shape
from model.training.footprint import SizeLimits, check_size
from store.database import Connection
from store.datasets import get_dataset
from store.jobs.checkpoints import MOST_BYTES
from store.rows import DatasetRow
from store.workers import most_job_bytes


def oversize(services: Services, connection: Connection, spec: Spec, dataset: DatasetRow) -> list[Problem]:
    """Return the problems of a spec that is too large for this dataset.

    The memory limit is the workers'; while there are none, it is EBB_TRAINING_BYTES of this process. Whether the layers
    fit together is checked by the training, which knows the exact number of features.
    """
    settings = services.settings
    memory = most_job_bytes(connection, "training", within_seconds=settings.alive_seconds) or settings.training_bytes
    shape = expected_shape(dataset.schema["columns"], dataset.rows, spec)
    try:
        check_size(spec, shape, SizeLimits(memory, MOST_BYTES))
    except SpecError as error:
        large = [problem for problem in error.problems if problem.code == "too_large"]
        return [replace(problem, pointer=f"/spec{problem.pointer}") for problem in large]
    return []


def check_stored(services: Services, connection: Connection, raw: Mapping[str, object], dataset_id: str) -> None:
    """Refuse to train a stored spec again if it is too large.

    Raises: InputError, whose pointers are into the spec; NotFoundError.
    """
    spec, _ = read_spec(raw, "/spec")
    if spec is not None and (problems := oversize(services, connection, spec, get_dataset(connection, dataset_id))):
        raise InputError.of(problems)
