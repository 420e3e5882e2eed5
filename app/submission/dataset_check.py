"""Finds the dataset that a request names."""

from collections.abc import Sequence

from model.errors import Problem
from model.names import clipped
from store.database import Connection
from store.datasets import datasets_named, find_dataset
from store.rows import DatasetRow

MOST_LISTED = 5


def find_usable(connection: Connection, named: str, here: str) -> tuple[DatasetRow | None, list[Problem]]:
    """Return the dataset of this id or name, or None and the problem, whose pointer is `here`."""
    dataset = find_dataset(connection, named)
    if dataset is None:
        return _of_name(datasets_named(connection, named, most=MOST_LISTED), named, here)
    if dataset.is_gone:
        detail = "its bytes were removed; upload the table again, and it has the same id"
        return None, [Problem(here, "expired", detail)]
    return dataset, []


def find_labelled(connection: Connection, named: str, here: str) -> tuple[DatasetRow | None, list[Problem]]:
    """Return the dataset to train on, of this id or name, or None and the problem, whose pointer is `here`."""
    dataset, problems = find_usable(connection, named, here)
    if dataset is not None and not dataset.target:
        unlabelled = "was uploaded for scoring and has no target; upload it with POST /v1/datasets?target=…"
        return None, [Problem(here, "conflict", unlabelled)]
    return dataset, problems


def _of_name(found: Sequence[DatasetRow], named: str, here: str) -> tuple[DatasetRow | None, list[Problem]]:
    """Return the only dataset of a name. Several of one name are not chosen from: the request names an id."""
    if len(found) == 1:
        return found[0], []
    if not found:
        detail = f"there is no such dataset: no id and no name is {clipped(named)!r}; upload it with POST /v1/datasets"
        return None, [Problem(here, "not_found", detail)]
    listed = ", ".join(f"{row.id} of {row.created_at:%Y-%m-%d %H:%M} UTC" for row in found)
    detail = f"several datasets are named {clipped(named)!r}: give the id of one, the newest first: {listed}"
    return None, [Problem(here, "conflict", detail)]
