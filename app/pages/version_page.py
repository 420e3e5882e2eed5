"""A version: how good it is, what moves the risk, its card, and what can be done with it."""

from flask import Response

from app.model_card import build_card, span
from app.pages.evaluation_charts import evaluation_charts
from app.pages.models_page import MODEL
from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.services import Services
from store.alias_names import CHAMPION
from store.datasets import get_dataset
from store.registry.aliases import list_aliases
from store.registry.versions import get_version

VERSION_PAGE = f"{MODEL}/versions/{{version}}"
MOST_COLUMNS = 30


def show_version_page(services: Services, name: str, version: int) -> Response:
    """Show a version."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        dataset = get_dataset(connection, row.dataset_id)
        aliases = list_aliases(connection, name)
    estimator = services.estimators.get(services.versions.by_version(name, version))
    pointing = [alias.alias for alias in aliases if alias.version == version]
    reasons = row.metrics.get("reasons") or {"columns": []}
    return render_page(
        "version",
        card=build_card(row, dataset, estimator, pointing),
        job_id=row.job_id,
        evaluation=row.metrics.get("evaluation"),
        charts=evaluation_charts({f"version {version}": row.metrics}),
        reasons=reasons,
        columns=reasons["columns"][:MOST_COLUMNS],
        most=max((column["importance"] for column in reasons["columns"]), default=0.0) or 1.0,
        champion=next((alias for alias in aliases if alias.alias == CHAMPION), None),
        span=span,
    )


ROUTES = (page_route(VERSION_PAGE, show_version_page, "A version"),)
