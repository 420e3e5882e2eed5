"""Finds the dataset that a request names."""

from model.errors import Problem
from store.database import Connection
from store.datasets import find_dataset
from store.rows import DatasetRow


def find_usable(connection: Connection, dataset_id: str, here: str) -> tuple[DatasetRow | None, list[Problem]]:
    """Return the dataset, or None and the problem, whose pointer is `here`."""
    dataset = find_dataset(connection, dataset_id)
    if dataset is None:
        detail = "there is no such dataset; upload it with POST /v1/datasets"
        return None, [Problem(here, "not_found", detail)]
    if dataset.is_gone:
        detail = "its bytes were removed; upload the table again, and it has the same id"
        return None, [Problem(here, "expired", detail)]
    return dataset, []


def find_labelled(connection: Connection, dataset_id: str, here: str) -> tuple[DatasetRow | None, list[Problem]]:
    """Return the dataset to train on, or None and the problem, whose pointer is `here`."""
    dataset, problems = find_usable(connection, dataset_id, here)
    if dataset is not None and not dataset.target:
        unlabelled = "was uploaded for scoring and has no target; upload it with POST /v1/datasets?target=…"
        return None, [Problem(here, "conflict", unlabelled)]
    return dataset, problems
