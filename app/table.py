"""The table of routes: all that this service answers."""

from app.route import Route
from app.views import (
    aliases,
    audit,
    datasets,
    diffs,
    docs,
    events,
    home,
    jobs,
    metrics,
    models,
    operations,
    replays,
    results,
    retries,
    rollbacks,
    scores,
    scorings,
    trainings,
)

ROUTES: tuple[Route, ...] = (
    *scores.ROUTES,
    *datasets.ROUTES,
    *trainings.ROUTES,
    *scorings.ROUTES,
    *jobs.ROUTES,
    *events.ROUTES,
    *retries.ROUTES,
    *results.ROUTES,
    *replays.ROUTES,
    *models.ROUTES,
    *diffs.ROUTES,
    *aliases.ROUTES,
    *rollbacks.ROUTES,
    *audit.ROUTES,
    *operations.ROUTES,
    *metrics.ROUTES,
    *docs.ROUTES,
    *home.ROUTES,
)
