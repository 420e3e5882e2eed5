"""What follows from a finished attempt: the version to store, whether to promote it, or the code of its error."""

import re

from model.estimator import Estimator
from store.database import Connection, Database
from store.errors import NotFoundError
from store.registry.aliases import Promotion, get_alias
from store.registry.versions import NewVersion, load_estimator
from worker.fit import Fit

CHAMPION = "champion"


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


def promotion_of(database: Database, fit: Fit, estimator: Estimator) -> Promotion | None:
    """Return the move of `champion` that the job asked for and, with `if_better`, has earned."""
    by = f"job {fit.job.id}"
    match fit.job.params.get("promote", "never"):
        case "always":
            return Promotion(CHAMPION, by)
        case "if_better":
            return _if_better(database, fit, estimator, by)
        case _:
            return None


def _if_better(database: Database, fit: Fit, estimator: Estimator, by: str) -> Promotion | None:
    """Compare with the champion on this training's own validation rows; move only from where it was compared.

    The champion may have been trained on some of those rows, which can only flatter it.
    """

    def champion(connection: Connection) -> tuple[int, bytes] | None:
        try:
            alias = get_alias(connection, fit.job.model, CHAMPION)
        except NotFoundError:
            return None
        return alias.revision, load_estimator(connection, fit.job.model, alias.version)

    with database.read() as connection:
        found = champion(connection)
    if found is None:
        return Promotion(CHAMPION, by, revision=0)
    revision, data = found
    theirs = fit.validation_loss(Estimator.from_bytes(data))
    ours = fit.validation_loss(estimator)
    better = ours is not None and theirs is not None and ours < theirs
    return Promotion(CHAMPION, by, revision=revision) if better else None
