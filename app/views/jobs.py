"""Jobs: read one, list them, list a training's epochs, cancel."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from flask import Response

from app.access.access_control import require_submitter
from app.edge.exchange import caller_name
from app.edge.responses import conditional, json_answer
from app.routing.route import Route
from app.schemas.field_types import PageQuery, PageSize, PageToken, Slug, several
from app.schemas.job_resource import Job, load_job, to_job
from app.services import Services
from store.ids import new_id
from store.job_states import KINDS, JobState
from store.jobs.cancel import cancel
from store.jobs.epoch import Epoch
from store.jobs.read import get_job, list_epochs, list_jobs, read_paces

States = Annotated[str, several(JobState)]
Kinds = Annotated[str, several(KINDS)]


class JobQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs to list; several states or kinds are separated by commas."""

    state: States | None = None
    kind: Kinds | None = None
    model: Slug | None = None
    page_size: PageSize = 50
    page_token: PageToken | None = None


class JobPage(msgspec.Struct, frozen=True):
    """Some jobs, the newest first."""

    jobs: list[Job]
    next_page_token: str | None


class EpochPage(msgspec.Struct, frozen=True):
    """Some epochs, the first one first."""

    epochs: Sequence[Epoch]
    next_page_token: str | None


def show_job(services: Services, job_id: str) -> Response:
    """Return a job."""
    with services.database.read() as connection:
        job = load_job(connection, get_job(connection, job_id))
    return conditional(json_answer(job))


def show_jobs(services: Services, query: JobQuery) -> Response:
    """List the jobs, the newest first."""
    with services.database.read() as connection:
        page = list_jobs(
            connection,
            states=_names(query.state),
            kinds=_names(query.kind),
            model=query.model,
            page_size=query.page_size,
            page_token=query.page_token,
        )
        paces = read_paces(connection, [row.id for row in page.rows if row.state == JobState.RUNNING])
    jobs = [to_job(row, paces.get(row.id)) for row in page.rows]
    return conditional(json_answer(JobPage(jobs, page.next_token)))


def show_epochs(services: Services, job_id: str, query: PageQuery) -> Response:
    """List the epochs that a training has reported."""
    with services.database.read() as connection:
        page = list_epochs(connection, job_id, page_size=query.page_size, page_token=query.page_token)
    return conditional(json_answer(EpochPage(page.rows, page.next_token)))


def cancel_job(services: Services, job_id: str) -> Response:
    """Cancel a queued job, or ask a running one to stop; after this it cannot succeed.

    The caller needs the key that submitted the job, or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        require_submitter(get_job(connection, job_id))
    by, cancellation_id = caller_name(), new_id()
    services.database.write(lambda connection: cancel(connection, job_id, by=by, request=cancellation_id))
    with services.database.read() as connection:
        return json_answer(load_job(connection, get_job(connection, job_id)))


def _names(text: str | None) -> list[str]:
    return text.split(",") if text else []


ROUTES = (
    Route("GET", "/v1/jobs", show_jobs, "read", "List jobs", {200: JobPage}, (422,), JobQuery),
    Route("GET", "/v1/jobs/{job_id}", show_job, "read", "Read a job", {200: Job}, (404,)),
    Route(
        "GET",
        "/v1/jobs/{job_id}/epochs",
        show_epochs,
        "read",
        "List a training's epochs",
        {200: EpochPage},
        (404, 422),
        PageQuery,
    ),
    Route(
        "POST",
        "/v1/jobs/{job_id}/cancel",
        cancel_job,
        "train",
        "Cancel a job",
        {200: Job},
        (404, 409),
        or_scopes=("score",),
    ),
)
