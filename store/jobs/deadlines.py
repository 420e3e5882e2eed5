"""T12: a sweeper stops jobs that are past their deadline."""

from sqlalchemy import Connection, update

from store.clock import now
from store.job_states import JobState
from store.jobs.checkpoints import drop_checkpoint
from store.jobs.events import record_event
from store.tables import jobs

TEXT = "the job was not done by its deadline; give it more time (deadline_s), or the service more workers"


def flag_deadlines(connection: Connection) -> int:
    """Ask every running job past its deadline to stop; return how many there were."""
    rows = connection.execute(
        update(jobs)
        .where(jobs.c.state == JobState.RUNNING, jobs.c.deadline_at < now(), jobs.c.cancel_requested.is_(False))
        .values(cancel_requested=True, error_code="deadline", error_text=TEXT)
        .returning(jobs.c.id, jobs.c.token)
    ).all()
    for job_id, token in rows:
        record_event(connection, job_id, "cancel_requested", token, {"by": "deadline"})
    return len(rows)


def end_overdue(connection: Connection) -> list[str]:
    """Fail every queued job past its deadline, which no worker may claim any more; return their ids."""
    rows = connection.execute(
        update(jobs)
        .where(jobs.c.state == JobState.QUEUED, jobs.c.deadline_at < now())
        .values(state=JobState.FAILED, finished_at=now(), error_code="deadline", error_text=TEXT)
        .returning(jobs.c.id, jobs.c.token)
    ).all()
    for job_id, token in rows:
        drop_checkpoint(connection, job_id)
        record_event(connection, job_id, JobState.FAILED, token, {"code": "deadline"})
    return [job_id for job_id, _ in rows]
