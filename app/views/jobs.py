"""Jobs: read one, list them, list a training's epochs, cancel."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import msgspec
from flask import Response

from app.edge.access import caller_name, require_submitter
from app.edge.responses import conditional, json_answer, time_text
from app.routing.route import Route
from app.schemas.field_types import PageQuery, PageSize, PageToken, Slug, several
from app.schemas.job_resource import Job, JobChange, JobFailure, Progress
from app.server.services import Services
from store.database import Connection
from store.ids import new_id
from store.job_states import KINDS, JobState
from store.jobs.cancel import cancel
from store.jobs.epoch import Epoch
from store.jobs.read import Pace, get_job, list_epochs, list_jobs, read_paces
from store.rows import JobRow

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


def show_job(services: Services, job_id: str, **_: object) -> Response:
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


def cancel_job(services: Services, job_id: str, **_: object) -> Response:
    """Cancel a queued job, or ask a running one to stop; after this it cannot succeed.

    The caller needs the key that submitted the job, or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        require_submitter(get_job(connection, job_id))
    by, cancellation_id = caller_name(), new_id()
    services.database.write(lambda connection: cancel(connection, job_id, by=by, request=cancellation_id))
    with services.database.read() as connection:
        return json_answer(load_job(connection, get_job(connection, job_id)))


def load_job(connection: Connection, row: JobRow) -> Job:
    """Return a row as the schema of a job, with the estimated time left."""
    return to_job(row, read_paces(connection, [row.id]).get(row.id) if row.state == JobState.RUNNING else None)


def job_change(job: Job) -> JobChange:
    """Return the parts of the job that change while it runs."""
    return JobChange(job.state, job.cancel_requested, job.attempt, job.progress, job.eta_s, job.heartbeat_at)


def _names(text: str | None) -> list[str]:
    return text.split(",") if text else []


def to_job(row: JobRow, pace: Pace | None = None) -> Job:
    """Return a row as the schema of a job."""
    return Job(
        id=row.id,
        kind=row.kind,
        model=row.model,
        dataset=row.dataset_id,
        retry_of=row.retry_of,
        priority=row.priority,
        params=row.params,
        state=row.state,
        cancel_requested=row.cancel_requested,
        attempt=row.token,
        progress=Progress(row.progress_done, row.progress_total or None, row.progress_unit),
        eta_s=_eta_seconds(row, pace),
        heartbeat_at=time_text(row.heartbeat_at),
        error=JobFailure(row.error_code, row.error_text or row.error_code) if row.error_code else None,
        result=row.result,
        created_at=str(time_text(row.created_at)),
        deadline_at=time_text(row.deadline_at),
        started_at=time_text(row.started_at),
        finished_at=time_text(row.finished_at),
    )


def _eta_seconds(row: JobRow, pace: Pace | None) -> float | None:
    """Estimate the time left after the last heartbeat from the pace of this attempt; early stopping ends sooner.

    A training reports seconds per epoch. For rows, the pace is the average since the attempt began.
    """
    if pace is None or not row.progress_done:
        return None
    left = max(0, int(row.progress_total - row.progress_done))
    if row.progress_unit == "epochs":
        return None if pace.epoch_seconds is None else round(pace.epoch_seconds * left, 1)
    since = row.heartbeat_at - pace.begun_at if row.heartbeat_at else timedelta()
    if since <= timedelta():
        return None  # the progress is still that of the attempt before
    return round(since.total_seconds() / int(row.progress_done) * left, 1)


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
