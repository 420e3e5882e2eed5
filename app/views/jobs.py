"""Jobs: look at one, list them, follow a training's epochs, cancel."""

from typing import Any

from flask import Response

from app.edge.access import caller_name
from app.edge.answers import conditional, json_answer, time_text
from app.route import Route
from app.services import Services
from app.shapes.common import PageQuery
from app.shapes.jobs import Epoch, EpochPage, Job, JobError, JobPage, JobQuery, Progress
from store.database import Row
from store.ids import new_id
from store.jobs.cancel import cancel
from store.jobs.read import get_job, list_epochs, list_jobs


def show_job(services: Services, job_id: str, **_: object) -> Response:
    """Tell how a job stands."""
    with services.database.read() as connection:
        row = get_job(connection, job_id)
    return conditional(json_answer(shown(row)))


def show_jobs(services: Services, query: JobQuery) -> Response:
    """List the jobs, the newest first."""
    with services.database.read() as connection:
        page = list_jobs(
            connection,
            state=query.state,
            kind=query.kind,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    return conditional(json_answer(JobPage([shown(row) for row in page.rows], page.next_token)))


def show_epochs(services: Services, job_id: str, query: PageQuery) -> Response:
    """List what a training has reported so far, epoch by epoch."""
    with services.database.read() as connection:
        page = list_epochs(connection, job_id, page_size=query.page_size, page_token=query.page_token)
    rows = [Epoch(**{name: row._mapping[name] for name in Epoch.__struct_fields__}) for row in page.rows]
    return conditional(json_answer(EpochPage(rows, page.next_token)))


def cancel_job(services: Services, job_id: str, **_: object) -> Response:
    """End a queued job, or ask a running one to stop: it can no longer succeed."""
    by, this = caller_name(), new_id()
    services.database.write(lambda connection: cancel(connection, job_id, by=by, request=this))
    with services.database.read() as connection:
        return json_answer(shown(get_job(connection, job_id)))


def shown(row: Row[Any]) -> Job:
    """Return the job as the contract tells it."""
    return Job(
        id=row.id,
        kind=row.kind,
        model=row.model,
        dataset=row.dataset_id,
        retry_of=row.retry_of,
        params=row.params,
        state=row.state,
        cancel_requested=row.cancel_requested,
        attempt=row.token,
        progress=Progress(row.progress_done, row.progress_total or None, row.progress_unit),
        eta_s=_eta_seconds(row),
        heartbeat_at=time_text(row.heartbeat_at),
        error=JobError(row.error_code, row.error_text or row.error_code) if row.error_code else None,
        result=row.result,
        created_at=str(time_text(row.created_at)),
        started_at=time_text(row.started_at),
        finished_at=time_text(row.finished_at),
    )


def _eta_seconds(row: Row[Any]) -> float | None:
    """Estimate the time left from the pace so far; an early stop ends sooner."""
    if row.state != "running" or not row.progress_done or row.heartbeat_at is None:
        return None
    pace = (row.heartbeat_at - row.started_at).total_seconds() / row.progress_done
    return max(0.0, round(float(pace * (row.progress_total - row.progress_done)), 1))


ROUTES = (
    Route("GET", "/v1/jobs", show_jobs, "read", "List jobs", {200: JobPage}, (422,), JobQuery),
    Route("GET", "/v1/jobs/{job_id}", show_job, "read", "Look at a job", {200: Job}, (404,)),
    Route(
        "GET",
        "/v1/jobs/{job_id}/epochs",
        show_epochs,
        "read",
        "Follow a training epoch by epoch",
        {200: EpochPage},
        (404, 422),
        PageQuery,
    ),
    Route("POST", "/v1/jobs/{job_id}/cancel", cancel_job, "train", "Cancel a job", {200: Job}, (404, 409)),
)
