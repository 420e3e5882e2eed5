"""The gate in requests for trainings and sweeps, and its problems."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, to_builtins

from app.schemas.field_types import DatasetRef
from app.submission.dataset_check import find_labelled, find_usable
from model.errors import Problem
from model.names import clipped
from store.database import Connection
from store.rows import DatasetRow

Promote = Literal["never", "if_better", "always"]
HOLDOUT = "/gate/dataset"


class GateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `if_better` requires of a version: the whole confidence interval of the difference exceeds the margin.

    Only customers count that neither the version nor the champion has seen.
    """

    metric: Literal["log_loss", "auc"] = "log_loss"
    margin: Annotated[float, Meta(ge=0, le=1)] = 0.0
    confidence: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.95
    dataset: (
        Annotated[DatasetRef, Meta(description="labelled customers to compare on; by default those held out")] | None
    ) = None


def gate_params(connection: Connection, gate: GateRequest | None) -> dict[str, Any]:
    """Return the gate as a job stores it, with the id of its dataset; nothing if there is none."""
    if gate is None:
        return {}
    stored = {name: value for name, value in to_builtins(gate).items() if value is not None}
    holdout = None if gate.dataset is None else find_usable(connection, gate.dataset, HOLDOUT)[0]
    return {"gate": stored if holdout is None else {**stored, "dataset": holdout.id}}


def gate_problems(
    connection: Connection, gate: GateRequest | None, promote: str, trained_on: DatasetRow | None
) -> list[Problem]:
    """Return the problems of a gate that would have no effect, or whose dataset cannot be compared on."""
    if gate is None:
        return []
    if promote != "if_better":
        return [Problem("/gate", "conflict", "is allowed with promote 'if_better' only")]
    return _holdout_problems(connection, gate.dataset, trained_on) if gate.dataset and trained_on else []


def _holdout_problems(connection: Connection, named: str, trained_on: DatasetRow) -> list[Problem]:
    """Return the problems of the dataset that the gate names."""
    holdout, unusable = find_labelled(connection, named, HOLDOUT)
    if holdout is None:
        return unusable
    if holdout.sha256 == trained_on.sha256:
        return [Problem(HOLDOUT, "conflict", "is the dataset to train on: name customers that it does not have")]
    if holdout.target != trained_on.target:
        detail = f"has the target {clipped(holdout.target)!r}, not {clipped(trained_on.target)!r} as the training's"
        return [Problem(HOLDOUT, "conflict", f"{detail} dataset: upload it with the same target")]
    return []
