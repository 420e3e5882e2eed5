"""What follows from a finished attempt: the version to store, whether to promote it, or the code of its error."""

import logging
import re

from model.errors import ModelError
from model.estimator import Estimator
from model.gate import Gate
from store.database import Database
from store.errors import ArtifactError
from store.registry.aliases import CHAMPION, NotPromoted, Promotion, find_alias
from store.registry.versions import NewVersion, load_estimator
from worker.fit import Fit

log = logging.getLogger(__name__)


def code_of(error: Exception) -> str:
    """Return the code of an error for programs: its name in snake_case without the ending.

    Example:
        >>> from model.errors import DivergedError
        >>> code_of(DivergedError(epoch=3, step=70, gradient_norm=1e9))
        'diverged'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def version_of(fit: Fit, estimator: Estimator, seconds: float) -> NewVersion:
    """Return everything that the version keeps.

    Units: seconds, of the attempt that finished.
    """
    return NewVersion(
        model=fit.job.model,
        dataset_id=fit.dataset.id,
        data_sha256=fit.dataset.sha256,
        spec=fit.spec.to_json(),
        columns=estimator.encoder.to_json(),
        metrics={**estimator.metrics, "seconds": seconds},
        environment=fit.environment,
        estimator=estimator.to_bytes(),
        weights_sha256=estimator.weights_sha256,
    )


def promotion_of(database: Database, fit: Fit, estimator: Estimator) -> Promotion | NotPromoted | None:
    """Return the move of `champion` that the job asked for and, with `if_better`, has earned, or why it has not."""
    match fit.job.params.get("promote", "never"):
        case "always":
            return Promotion(CHAMPION)
        case "if_better":
            return _if_better(database, fit, estimator)
        case _:
            return None


def _if_better(database: Database, fit: Fit, estimator: Estimator) -> Promotion | NotPromoted:
    """Compare with the champion on this training's own validation rows; move only from where it was compared.

    The champion may have been trained on some of those rows, which can only flatter it. One that cannot be read, or
    cannot score this table, stays: the training is done, and somebody has to decide.
    """
    gate = Gate(**fit.job.params.get("gate", {}))
    with database.read() as connection:
        alias = find_alias(connection, fit.job.model, CHAMPION)
    if alias is None:
        told: dict[str, object] = {"metric": gate.metric, "reason": "there was no champion to compare with"}
        return Promotion(CHAMPION, revision=0, gate=told)
    told = {"metric": gate.metric, "champion_version": alias.version}
    try:
        with database.read() as connection:
            data = load_estimator(connection, fit.job.model, alias.version)
        verdict = fit.judged(Estimator.from_bytes(data), gate)
    except (ModelError, ArtifactError) as error:
        reason = f"the champion, version {alias.version}, cannot be compared with: {error}"
        log.warning("job %s: not promoted: %s", fit.job.id, reason)
        return NotPromoted({**told, "reason": reason})
    if verdict is None:
        return NotPromoted({**told, "reason": f"the validation rows do not define {gate.metric}: hold out more"})
    told |= {**verdict.to_json(), "reason": verdict.reason}
    return Promotion(CHAMPION, alias.revision, told) if verdict.better else NotPromoted(told)
