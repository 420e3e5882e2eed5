"""A version: how good it is, what moves the risk, its card, and what can be done with it."""

from typing import Any

import msgspec
from flask import Response

from app.model_card import build_card, span
from app.pages.evaluation_charts import evaluation_charts
from app.pages.models_page import MODEL
from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.field_types import Uuid
from app.services import Services
from store.alias_names import CHAMPION
from store.database import Connection
from store.datasets import get_dataset
from store.errors import NotFoundError
from store.jobs.read import get_job, list_jobs
from store.registry.aliases import list_aliases
from store.registry.versions import get_version
from store.rows import JobRow, VersionRow

VERSION_PAGE = f"{MODEL}/versions/{{version}}"
MOST_COLUMNS, MOST_EVALUATIONS = 30, 25


class VersionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The evaluation job whose report to show; by default the training's own."""

    evaluation: Uuid | None = None


def show_version_page(services: Services, name: str, version: int, query: VersionQuery) -> Response:
    """Show a version."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        dataset = get_dataset(connection, row.dataset_id)
        aliases = list_aliases(connection, name)
        jobs = list_jobs(
            connection, kinds=("evaluation",), states=("succeeded",), model=name, page_size=MOST_EVALUATIONS
        ).rows
        evaluated = None if query.evaluation is None else _evaluated(connection, row, query.evaluation)
    estimator = services.estimators.get(services.versions.by_version(name, version))
    pointing = [alias.alias for alias in aliases if alias.version == version]
    report = row.metrics.get("evaluation") if evaluated is None else evaluated["report"]
    reasons = row.metrics.get("reasons") or {"columns": []}
    return render_page(
        "version",
        card=build_card(row, dataset, estimator, pointing),
        job_id=row.job_id,
        evaluated=evaluated,
        evaluation=report,
        evaluations=[job for job in jobs if _is_of(job, row)],
        charts=evaluation_charts({f"version {version}": {"evaluation": report}}),
        reasons=reasons,
        columns=reasons["columns"][:MOST_COLUMNS],
        most=max((column["importance"] for column in reasons["columns"]), default=0.0) or 1.0,
        champion=next((alias for alias in aliases if alias.alias == CHAMPION), None),
        span=span,
    )


def _evaluated(connection: Connection, version: VersionRow, job_id: str) -> dict[str, Any]:
    """Return the result of a job that evaluated the version.

    Raises: NotFoundError.
    """
    job = get_job(connection, job_id)
    if not _is_of(job, version):
        raise NotFoundError(f"job {job_id} has no evaluation of version {version.version} of model '{version.model}'")
    return job.result or {}


def _is_of(job: JobRow, version: VersionRow) -> bool:
    evaluated = (job.kind, job.model, job.params.get("version")) == ("evaluation", version.model, version.version)
    return evaluated and job.result is not None


ROUTES = (page_route(VERSION_PAGE, show_version_page, "A version", VersionQuery),)
