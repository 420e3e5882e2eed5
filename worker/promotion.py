"""Decides whether a finished training promotes its version to champion."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from model.errors import ModelError
from model.estimator import Estimator
from model.gate import CannotTell, Gate, GateResult
from model.tables.file_reading import FileReading
from model.unseen import Contender
from store.alias_names import CHAMPION
from store.artifacts import ArtifactStore
from store.database import Database
from store.datasets import get_dataset
from store.errors import ArtifactError, ExpiredError
from store.registry.aliases import NotPromoted, Promotion, find_alias
from store.registry.versions import get_version, load_estimator, load_seen_rows
from store.rows import DatasetRow, JobRow

log = logging.getLogger(__name__)

Holdout = tuple[Path, FileReading, str]
"""The file of a labelled dataset, how it is read, and its target."""

Compare = Callable[[Contender, Gate, Holdout | None], tuple[GateResult | CannotTell, Mapping[str, Any]]]
"""Compares the new version with a champion; returns the result and the counts of rows."""


def decide_promotion(
    database: Database, artifacts: ArtifactStore, job: JobRow, compare: Compare
) -> Promotion | NotPromoted | None:
    """Return the move of `champion` by the job's option `promote`, or why it is not moved; None for `never`."""
    match job.params.get("promote", "never"):
        case "always":
            return Promotion(CHAMPION)
        case "if_better":
            return _if_better(database, artifacts, job, compare)
        case _:
            return None


def _if_better(database: Database, artifacts: ArtifactStore, job: JobRow, compare: Compare) -> Promotion | NotPromoted:
    """Compare on rows that neither version has seen, and promote only from the revision that was compared with.

    A champion that cannot be read, or cannot score these rows, stays: the training is done, and a person has to decide.
    """
    options = dict(job.params.get("gate", {}))
    dataset_id = options.pop("dataset", None)
    gate = Gate(**options)
    with database.read() as connection:
        alias = find_alias(connection, job.model, CHAMPION)
    facts: dict[str, object] = {"metric": gate.metric}
    if alias is None:
        return Promotion(CHAMPION, revision=0, gate={**facts, "reason": "there was no champion to compare with"})
    facts |= {"champion_version": alias.version} | ({"dataset": dataset_id} if dataset_id else {})
    try:
        champion = load_contender(database, artifacts, job.model, alias.version)
        holdout = None if dataset_id is None else _holdout(database, artifacts, dataset_id)
        result, counts = compare(champion, gate, holdout)
    except (ModelError, ArtifactError, ExpiredError) as error:
        reason = f"the champion, version {alias.version}, cannot be compared with: {error}"
        log.warning("job %s: not promoted: %s", job.id, reason)
        return NotPromoted({**facts, "verdict": CannotTell.verdict, "reason": reason})
    facts |= {**result.to_json(), **counts}
    return Promotion(CHAMPION, alias.revision, facts) if result.better else NotPromoted(facts)


def load_contender(database: Database, artifacts: ArtifactStore, model: str, version: int) -> Contender:
    """Return a version with the rows that it has seen.

    Raises: NotFoundError, ArtifactError, EstimatorError; of the rows, once they are needed, FileError, TableError.
    """
    with database.read() as connection:
        data = load_estimator(connection, model, version)
        seen = load_seen_rows(connection, model, version)
        dataset = get_dataset(connection, get_version(connection, model, version).dataset_id)
    return Contender.of_version(version, Estimator.from_bytes(data), seen, lambda: _table_of(artifacts, dataset))


def _holdout(database: Database, artifacts: ArtifactStore, dataset_id: str) -> Holdout:
    with database.read() as connection:
        dataset = get_dataset(connection, dataset_id)
    return (*_table_of(artifacts, dataset), dataset.target)


def _table_of(artifacts: ArtifactStore, dataset: DatasetRow) -> tuple[Path, FileReading]:
    return artifacts.open_path(dataset.sha256), FileReading.of_stored(dataset.media_type, dataset.schema)
