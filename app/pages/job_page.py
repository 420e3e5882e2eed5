"""The page of a job: its progress, its attempts with their logs, and the curves of a training."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta

from app.pages.jobs_page import ListedJob
from app.pages.page_route import page_route
from app.pages.rendering import HEADERS, render_page
from app.routing.route import Route
from app.schemas.field_types import time_text
from app.schemas.job_resource import load_job
from app.services import Services
from store.database import Database
from store.datasets import read_names
from store.errors import NotFoundError
from store.jobs.attempts import AttemptRow, list_attempts
from store.jobs.epoch import FIGURES, Epoch
from store.jobs.events import Cursor, StreamEvent, read_events_after
from store.jobs.read import get_job

TRAININGS = ("training", "replay")
PLAIN = "text/plain"
LOGGED_AT_ONCE = 500


class LogQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The attempt whose log is asked for."""

    attempt: Annotated[int, Meta(ge=1, le=2**31 - 1)]


def show_job_page(services: Services, job_id: str) -> Response:
    """Return the page of a job."""
    with services.database.read() as connection:
        row = get_job(connection, job_id)
        job = load_job(connection, row)
        attempts = list_attempts(connection, job_id)
        name = read_names(connection, [row.dataset_id]).get(row.dataset_id, "")
    worker = attempts[-1].worker if attempts else ""
    params = msgspec.json.format(msgspec.json.encode(job.params), indent=2).decode()
    return render_page(
        "job",
        shown=ListedJob(job, row.owner, worker, name),
        job=job,
        attempts=attempts,
        params=params,
        draws=row.kind in TRAININGS,
    )


def show_job_log(services: Services, job_id: str, query: LogQuery) -> Response:
    """Return the log of an attempt as text: the events and epochs that it reported."""
    with services.database.read() as connection:
        get_job(connection, job_id)
        attempts = {attempt.number: attempt for attempt in list_attempts(connection, job_id)}
    if query.attempt not in attempts:
        raise NotFoundError(f"job {job_id} has no attempt {query.attempt}; it has had {len(attempts)}")
    lines = _lines(services.database, job_id, attempts[query.attempt])
    return Response(lines, mimetype=PLAIN, headers=HEADERS)


def _lines(database: Database, job_id: str, attempt: AttemptRow) -> Iterator[str]:
    """Yield the lines of a log, read in pieces."""
    yield f"job {job_id}, attempt {attempt.number}, worker {attempt.worker}\n"
    cursor, number = Cursor(), 0
    while True:
        with database.read() as connection:
            events = read_events_after(connection, job_id, cursor, limit=LOGGED_AT_ONCE)
        for event in events:
            number = number if event.attempt is None else event.attempt  # an epoch follows an event of its attempt
            if number == attempt.number:
                yield _line(event)
            if number > attempt.number:
                return
        if len(events) < LOGGED_AT_ONCE:
            return
        cursor = events[-1].cursor


def _line(event: StreamEvent) -> str:
    if isinstance(event.data, Epoch):
        named = {name: getattr(event.data, name) for name in FIGURES if name != "epoch"}
        return f"epoch {event.data.epoch} {_figures(named)}\n"
    data = msgspec.json.encode(event.data).decode() if event.data else ""
    return f"{time_text(event.at)} {event.event} {data}".rstrip() + "\n"


def _figures(named: dict[str, float | None]) -> str:
    return " ".join(f"{name}={value:.6g}" for name, value in named.items() if value is not None)


ROUTES = (
    page_route("/jobs/{job_id}", show_job_page, "A job"),
    Route(
        "GET",
        "/jobs/{job_id}/log",
        show_job_log,
        "read",
        "The log of an attempt",
        {200: PLAIN},
        query=LogQuery,
        page=True,
    ),
)
