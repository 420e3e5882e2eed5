"""T10 and T11: a user cancels a job."""

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from store.audit import record_action
from store.clock import now
from store.errors import AlreadyFinishedError, NotFoundError
from store.job_states import JobState
from store.jobs.checkpoints import drop_checkpoint
from store.jobs.events import record_event
from store.tables import job_events, jobs

ROUNDS = 3


def cancel(connection: Connection, job_id: str, *, by: str, request: str | None = None) -> None:
    """End a queued job as cancelled; ask a running one to stop, after which it cannot succeed.

    `request` is unique to this request: called again after a COMMIT whose answer was lost, it finds its event.

    Raises: AlreadyFinishedError; NotFoundError.
    """
    if request is not None and _recorded(connection, job_id, request):
        return
    data = {"by": by, "request": request}
    # Between the two updates a job may start or be requeued, but hardly three times.
    for _ in range(ROUNDS):
        if _end_queued(connection, job_id, data) or _flag_running(connection, job_id, data):
            record_action(connection, "job.cancelled", job_id, by=by)
            return
    state = connection.execute(select(jobs.c.state).where(jobs.c.id == job_id)).scalar_one_or_none()
    if state is None:
        raise NotFoundError(f"there is no job {job_id}")
    raise AlreadyFinishedError(f"job {job_id} is {state} already; only a queued or running job can be cancelled")


def _recorded(connection: Connection, job_id: str, request: str) -> bool:
    asked = job_events.c.event.in_((JobState.CANCELLED, "cancel_requested"))
    recorded = connection.execute(select(job_events.c.data).where(job_events.c.job_id == job_id, asked)).scalars()
    return any(data.get("request") == request for data in recorded)


def _end_queued(connection: Connection, job_id: str, data: Mapping[str, object]) -> bool:
    row = connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED)
        .values(state=JobState.CANCELLED, finished_at=now(), error_code="cancelled", cancel_requested=True)
        .returning(jobs.c.token)
    ).first()
    if row is not None:
        drop_checkpoint(connection, job_id)
        record_event(connection, job_id, JobState.CANCELLED, row.token, data)
    return row is not None


def _flag_running(connection: Connection, job_id: str, data: Mapping[str, object]) -> bool:
    row = connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state == JobState.RUNNING)
        .values(cancel_requested=True)
        .returning(jobs.c.token)
    ).first()
    if row is not None:
        record_event(connection, job_id, "cancel_requested", row.token, data)
    return row is not None
