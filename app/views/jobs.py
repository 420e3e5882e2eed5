"""Jobs: look at one, list them, follow a training's epochs, cancel."""

from datetime import timedelta
from typing import Annotated, Any, get_args

import msgspec
from flask import Response

from app.edge.authentication import caller_name
from app.edge.responses import conditional, json_answer, time_text
from app.edge.scopes import demand_to_cancel
from app.routing.route import Route
from app.schemas.field_types import PageQuery, PageSize, PageToken, Slug, several
from app.schemas.job_resource import Epoch, Job, JobChange, JobFailure, Kind, Progress
from app.server.services import Services
from store.database import Connection, Row
from store.ids import new_id
from store.jobs.cancel import cancel
from store.jobs.read import Pace, get_job, list_epochs, list_jobs, read_paces
from store.jobs.states import JobState

States = Annotated[str, several(JobState)]
Kinds = Annotated[str, several(get_args(Kind))]


class JobQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs; of several states or kinds, with commas between them."""

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

    epochs: list[Epoch]
    next_page_token: str | None


def show_job(services: Services, job_id: str, **_: object) -> Response:
    """Tell how a job stands."""
    with services.database.read() as connection:
        job = shown_one(connection, get_job(connection, job_id))
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
    jobs = [shown(row, paces.get(row.id)) for row in page.rows]
    return conditional(json_answer(JobPage(jobs, page.next_token)))


def show_epochs(services: Services, job_id: str, query: PageQuery) -> Response:
    """List what a training has reported so far, epoch by epoch."""
    with services.database.read() as connection:
        page = list_epochs(connection, job_id, page_size=query.page_size, page_token=query.page_token)
    rows = [Epoch(**{name: row._mapping[name] for name in Epoch.__struct_fields__}) for row in page.rows]
    return conditional(json_answer(EpochPage(rows, page.next_token)))


def cancel_job(services: Services, job_id: str, **_: object) -> Response:
    """End a queued job, or ask a running one to stop: it can no longer succeed.

    It takes the key that submitted the job, or one with the scope `admin`.
    """
    with services.database.read() as connection:
        demand_to_cancel(get_job(connection, job_id))
    by, this = caller_name(), new_id()
    services.database.write(lambda connection: cancel(connection, job_id, by=by, request=this))
    with services.database.read() as connection:
        return json_answer(shown_one(connection, get_job(connection, job_id)))


def shown_one(connection: Connection, row: Row[Any]) -> Job:
    """Return one job as the contract tells it, with the time left."""
    return shown(row, read_paces(connection, [row.id]).get(row.id) if row.state == JobState.RUNNING else None)


def changed(job: Job) -> JobChange:
    """Return the parts of the job that change while it runs."""
    return JobChange(job.state, job.cancel_requested, job.attempt, job.progress, job.eta_s, job.heartbeat_at)


def _names(text: str | None) -> list[str]:
    return text.split(",") if text else []


def shown(row: Row[Any], pace: Pace | None = None) -> Job:
    """Return the job as the contract tells it."""
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


def _eta_seconds(row: Row[Any], pace: Pace | None) -> float | None:
    """Estimate, as of the last heartbeat, the time left by the pace of this attempt; an early stop ends sooner.

    Rows have no pace of their own: theirs is that since the attempt began, which made all of them.
    """
    if pace is None or not row.progress_done:
        return None
    left = max(0, int(row.progress_total - row.progress_done))
    if row.progress_unit == "epochs":
        return None if pace.epoch_seconds is None else round(pace.epoch_seconds * left, 1)
    since: timedelta = row.heartbeat_at - pace.begun_at
    if since <= timedelta():
        return None  # it has only begun, and its progress is still the attempt's before
    return round(since.total_seconds() / int(row.progress_done) * left, 1)


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
