"""Looking at jobs: one, a page of them, and what they achieved epoch by epoch."""

from typing import Any

from sqlalchemy import Connection, Row, select

from store.errors import NotFoundError
from store.pages import Page, after_token, make_page
from store.tables import epochs, jobs


def get_job(connection: Connection, job_id: str) -> Row[Any]:
    """Return the job's row.

    Raises: NotFoundError.
    """
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise NotFoundError(f"there is no job {job_id}")
    return row


def list_jobs(
    connection: Connection,
    *,
    state: str | None = None,
    kind: str | None = None,
    page_size: int,
    page_token: str | None = None,
) -> Page:
    """Return a page of jobs, the newest first.

    Raises: PageTokenError.
    """
    query = select(jobs).order_by(jobs.c.id.desc()).limit(page_size + 1)
    if state is not None:
        query = query.where(jobs.c.state == state)
    if kind is not None:
        query = query.where(jobs.c.kind == kind)
    if page_token is not None:
        query = query.where(jobs.c.id < after_token(page_token))
    return make_page(connection.execute(query).all(), page_size, lambda row: row.id)


def list_epochs(connection: Connection, job_id: str, *, page_size: int, page_token: str | None = None) -> Page:
    """Return a page of a training's epochs, the first epoch first.

    Raises: NotFoundError, PageTokenError.
    """
    get_job(connection, job_id)
    query = select(epochs).where(epochs.c.job_id == job_id).order_by(epochs.c.epoch).limit(page_size + 1)
    if page_token is not None:
        query = query.where(epochs.c.epoch > after_token(page_token, whole=True))
    return make_page(connection.execute(query).all(), page_size, lambda row: str(row.epoch))
