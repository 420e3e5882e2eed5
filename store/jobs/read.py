"""Reads jobs: one, a page of them, the pace of running ones, and a page of a training's epochs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from store.errors import NotFoundError
from store.job_states import JobState
from store.jobs.epoch import Epoch
from store.pages import Page, after_token, read_page
from store.rows import JobRow, columns_of, read_first
from store.tables import datasets, epochs, job_events, jobs

RECENT_EPOCHS = 10
SHORT_SECONDS = 1.0  # where the last epochs took less, the mean is taken over more of them
SHORT_EPOCHS = 1000


def get_job(connection: Connection, job_id: str) -> JobRow:
    """Return the job.

    Raises: NotFoundError.
    """
    row = read_first(connection, JobRow, select(*columns_of(JobRow, jobs)).where(jobs.c.id == job_id))
    if row is None:
        raise NotFoundError(f"there is no job {job_id}")
    return row


def list_jobs(  # noqa: PLR0913 - one parameter a filter
    connection: Connection,
    *,
    states: Collection[str] = (),
    kinds: Collection[str] = (),
    model: str | None = None,
    text: str = "",
    page_size: int,
    page_token: str | None = None,
) -> Page[JobRow]:
    """Return a page of jobs, the newest first, of these states and kinds where any are given.

    `text` is looked for in ids, models, names of datasets, error codes and owners; small and large letters are equal.

    Raises: PageTokenError.
    """
    query = select(*columns_of(JobRow, jobs)).order_by(jobs.c.id.desc())
    if states:
        query = query.where(jobs.c.state.in_(states))
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if model is not None:
        query = query.where(jobs.c.model == model)
    if text:
        query = query.where(_mentions(text))
    if page_token is not None:
        query = query.where(jobs.c.id < after_token(page_token))
    return read_page(connection, JobRow, query, page_size, lambda row: row.id)


def _mentions(text: str) -> ColumnElement[bool]:
    named = select(datasets.c.id).where(datasets.c.name.icontains(text, autoescape=True))
    columns = (jobs.c.id, jobs.c.model, jobs.c.error_code, jobs.c.owner)
    return or_(jobs.c.dataset_id.in_(named), *(column.icontains(text, autoescape=True) for column in columns))


@dataclass(frozen=True)
class Pace:
    """The pace of a running attempt: when it began, and the mean duration of its last epochs, if there are any.

    Units: seconds an epoch.
    """

    begun_at: datetime
    epoch_seconds: float | None


def read_paces(connection: Connection, job_ids: Collection[str]) -> dict[str, Pace]:
    """Return the paces of the running ones of these jobs."""
    if not job_ids:
        return {}
    running = jobs.c.id.in_(job_ids), jobs.c.state == JobState.RUNNING
    log = job_events.c
    begun = (log.job_id == jobs.c.id, log.event == JobState.RUNNING, log.token == jobs.c.token)
    recent = (
        epochs.c.job_id == jobs.c.id,
        epochs.c.epoch > jobs.c.progress_done - SHORT_EPOCHS,
        epochs.c.event_id >= job_events.c.id,
    )
    last = case((epochs.c.epoch > jobs.c.progress_done - RECENT_EPOCHS, epochs.c.seconds))
    mean = case((func.sum(last) >= SHORT_SECONDS, func.avg(last)), else_=func.avg(epochs.c.seconds))
    rows = connection.execute(
        select(jobs.c.id, func.max(job_events.c.at), mean)
        .join(job_events, and_(*begun))
        .outerjoin(epochs, and_(*recent))
        .where(*running)
        .group_by(jobs.c.id)
    )
    return {job_id: Pace(begun_at, seconds) for job_id, begun_at, seconds in rows}


def list_epochs(connection: Connection, job_id: str, *, page_size: int, page_token: str | None = None) -> Page[Epoch]:
    """Return a page of a training's epochs, the first epoch first.

    Raises: NotFoundError, PageTokenError.
    """
    get_job(connection, job_id)
    query = select(*columns_of(Epoch, epochs)).where(epochs.c.job_id == job_id).order_by(epochs.c.epoch)
    if page_token is not None:
        query = query.where(epochs.c.epoch > after_token(page_token, whole=True))
    return read_page(connection, Epoch, query, page_size, lambda row: str(row.epoch))
