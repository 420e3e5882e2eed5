"""The champion beside a new version: both on held-out rows of the training that the champion has not seen."""

import logging
from collections.abc import Callable
from typing import Any

from model.errors import ModelError
from model.evaluation.full_report import OtherModel, beside
from model.evaluation.resampling import Resampling
from model.unseen import Contender, Unseen
from store.alias_names import CHAMPION
from store.artifacts import ArtifactStore
from store.database import Database
from store.errors import ArtifactError, ExpiredError
from store.registry.aliases import find_alias
from worker.promotion import load_contender

log = logging.getLogger(__name__)

UNUSABLE = (ModelError, ArtifactError, ExpiredError)


def beside_champion(
    database: Database, artifacts: ArtifactStore, model: str, unseen_by: Callable[[Contender], Unseen], seed: int
) -> dict[str, Any] | None:
    """Return the champion's entry of a training's evaluation; None without a champion.

    `unseen_by` returns the held-out rows that the champion has not seen. A champion that cannot be read, or cannot
    score these rows, gets a note.
    """
    with database.read() as connection:
        alias = find_alias(connection, model, CHAMPION)
    if alias is None:
        return None
    facts = {"version": alias.version}
    try:
        unseen = unseen_by(load_contender(database, artifacts, model, alias.version))
    except UNUSABLE as error:
        return unusable(model, alias.version, error)
    facts |= {"labelled_rows": unseen.labelled, "seen": unseen.seen_by_champion}
    return beside(unseen.y, unseen.candidate, OtherModel(unseen.champion, facts), Resampling(unseen.y, seed))


def unusable(model: str, version: int, error: Exception) -> dict[str, Any]:
    """Return the entry of a champion that cannot be compared with."""
    log.warning("the champion, version %d of %s, cannot be compared with: %s", version, model, error)
    return {"version": version, "note": f"it cannot be compared with: {error}"}
