"""The page of operations: workers, queues, database and broker, recent errors, and the audit log."""

from dataclasses import dataclass

from flask import Response

from app.edge.exchange import this_exchange
from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.services import Services
from store.audit import list_audit
from store.job_states import KINDS, JobState
from store.jobs.read import list_jobs
from store.jobs.statistics import JobStatistics, Queue
from store.workers import find_unserved, list_workers

RECENT = 10


@dataclass(frozen=True)
class QueueLine:
    """The jobs of one kind, the messages about them in the broker, and whether a worker runs the kind."""

    kind: str
    queued: Queue
    running: Queue
    messages: int | None
    served: bool


def show_operations(services: Services) -> Response:
    """Return the page of operations."""
    within = services.settings.alive_seconds
    messages = services.publisher.messages_waiting()
    with services.database.read() as connection:
        figures = services.jobs.read(connection)
        workers = list_workers(connection, within_seconds=within)
        unserved = find_unserved(connection, within_seconds=within)
        failed = list_jobs(connection, states=[JobState.FAILED], page_size=RECENT).rows
        is_admin = this_exchange().caller.may("admin")
        lines = list_audit(connection, page_size=RECENT).rows if is_admin else []
        dialect = connection.dialect.name
    return render_page(
        "operations",
        database={"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(dialect, dialect),
        broker=messages is not None,
        queues=_queues(figures, messages or {}, unserved),
        workers=workers,
        failed=failed,
        lines=lines,
    )


def _queues(figures: JobStatistics, messages: dict[str, int], unserved: list[str]) -> list[QueueLine]:
    return [
        QueueLine(
            kind,
            figures.queued.get(kind, Queue()),
            figures.running.get(kind, Queue()),
            messages.get(kind),
            kind not in unserved,
        )
        for kind in KINDS
    ]


ROUTES = (page_route("/operations", show_operations, "Operations"),)
