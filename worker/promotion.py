"""Decides whether a finished training promotes its version to champion."""

import logging
from collections.abc import Callable

from model.errors import ModelError
from model.estimator import Estimator
from model.gate import Gate, GateResult
from store.database import Database
from store.errors import ArtifactError
from store.registry.aliases import CHAMPION, NotPromoted, Promotion, find_alias
from store.registry.versions import load_estimator
from store.rows import JobRow

log = logging.getLogger(__name__)

Compare = Callable[[Estimator, Gate], GateResult | None]
"""Compares the new version with a champion; None where the validation rows do not define the metric."""


def decide_promotion(database: Database, job: JobRow, compare: Compare) -> Promotion | NotPromoted | None:
    """Return the move of `champion` by the job's option `promote`, or why it is not moved; None for `never`."""
    match job.params.get("promote", "never"):
        case "always":
            return Promotion(CHAMPION)
        case "if_better":
            return _if_better(database, job, compare)
        case _:
            return None


def _if_better(database: Database, job: JobRow, compare: Compare) -> Promotion | NotPromoted:
    """Compare on this training's validation rows, and promote only from the revision that was compared with.

    The champion may have been trained on some of those rows, which can only flatter it. A champion that cannot be read,
    or cannot score this table, stays: the training is done, and a person has to decide.
    """
    gate = Gate(**job.params.get("gate", {}))
    with database.read() as connection:
        alias = find_alias(connection, job.model, CHAMPION)
    facts: dict[str, object] = {"metric": gate.metric}
    if alias is None:
        return Promotion(CHAMPION, revision=0, gate={**facts, "reason": "there was no champion to compare with"})
    facts["champion_version"] = alias.version
    try:
        with database.read() as connection:
            data = load_estimator(connection, job.model, alias.version)
        result = compare(Estimator.from_bytes(data), gate)
    except (ModelError, ArtifactError) as error:
        reason = f"the champion, version {alias.version}, cannot be compared with: {error}"
        log.warning("job %s: not promoted: %s", job.id, reason)
        return NotPromoted({**facts, "reason": reason})
    if result is None:
        return NotPromoted({**facts, "reason": f"the validation rows do not define {gate.metric}: hold out more"})
    facts |= {**result.to_json(), "reason": result.reason}
    return Promotion(CHAMPION, alias.revision, facts) if result.better else NotPromoted(facts)
