"""The list of jobs: combined filters that live in the address, and actions for the chosen ones."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from flask import Response
from msgspec import Meta

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.field_types import SLUG, PageToken, several, whole
from app.schemas.job_resource import Job, to_job
from app.services import Services
from store.database import Connection
from store.datasets import read_names
from store.job_states import KINDS, JobState
from store.jobs.attempts import read_workers
from store.jobs.read import list_jobs, read_paces
from store.pages import Page
from store.rows import JobRow

PAGE_SIZE = 50
BADGES = {"queued": "idle", "running": "warn", "succeeded": "ok", "failed": "bad", "cancelled": "idle"}
RETRYABLE = (JobState.FAILED, JobState.CANCELLED)


class JobsFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filters of the list; an empty one leaves nothing out."""

    state: Annotated[str, several(("", *JobState))] = ""
    kind: Annotated[str, several(("", *KINDS))] = ""
    model: Annotated[str, whole(f"(?:{SLUG})?", "the name of a model", max_length=100)] = ""
    text: Annotated[str, Meta(max_length=100)] = ""
    page_token: PageToken | None = None

    @property
    def address(self) -> str:
        """The address of this list, whose first page has no token."""
        return f"/jobs?{urlencode({name: value for name, value in msgspec.structs.asdict(self).items() if value})}"

    def after(self, token: str) -> str:
        """Return the address of the page after this one."""
        return msgspec.structs.replace(self, page_token=token).address


@dataclass(frozen=True)
class ListedJob:
    """A job of the list, with its owner, its worker and the name of its dataset."""

    job: Job
    owner: str
    worker: str
    dataset_name: str

    @property
    def badge(self) -> str:
        """The class of the state's badge."""
        return BADGES[self.job.state]

    @property
    def share_done(self) -> float | None:
        """The share of the work that is done, if the work's size is known."""
        progress = self.job.progress
        return None if not progress.total else min(1.0, progress.done / progress.total)

    @property
    def cancellable(self) -> bool:
        """Whether the job can still be cancelled."""
        return not self.job.state.finished and not self.job.cancel_requested

    @property
    def retryable(self) -> bool:
        """Whether the job can be submitted again."""
        return self.job.state in RETRYABLE


def show_jobs_page(services: Services, query: JobsFilter) -> Response:
    """Return the list of jobs, the newest first."""
    with services.database.read() as connection:
        page = list_jobs(
            connection,
            states=_names(query.state),
            kinds=_names(query.kind),
            model=query.model or None,
            text=query.text.strip(),
            page_size=PAGE_SIZE,
            page_token=query.page_token,
        )
        listed = _listed(connection, page)
    older = query.after(page.next_token) if page.next_token else None
    return render_page("jobs", jobs=listed, query=query, older=older, states=list(JobState), kinds=KINDS)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _listed(connection: Connection, page: Page[JobRow]) -> list[ListedJob]:
    paces = read_paces(connection, [row.id for row in page.rows if row.state == JobState.RUNNING])
    workers = read_workers(connection, [row.id for row in page.rows])
    names = read_names(connection, {row.dataset_id for row in page.rows})
    return [
        ListedJob(to_job(row, paces.get(row.id)), row.owner, workers.get(row.id, ""), names.get(row.dataset_id, ""))
        for row in page.rows
    ]


ROUTES = (page_route("/jobs", show_jobs_page, "Jobs", JobsFilter),)
