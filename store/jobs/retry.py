"""Retries: submits the work of a failed or cancelled job again, as a new job that names the old one."""

from dataclasses import replace

from sqlalchemy import Connection

from store.errors import NotRetryableError
from store.job_states import JobState
from store.jobs.read import get_job
from store.jobs.submit import NO_LIMITS, Submission, SubmitLimits, Submitted, submit


def retry(  # noqa: PLR0913 - what names the new job, and what limits it
    connection: Connection,
    job_id: str,
    *,
    owner: str,
    new_job_id: str,
    idempotency_key: str | None = None,
    limits: SubmitLimits = NO_LIMITS,
) -> Submitted:
    """Submit the same work again as the job `new_job_id`; called again after a lost answer, it adds no second job.

    The new job has the old one's priority, and as much time until its deadline.

    Raises: NotRetryableError unless the job has failed or was cancelled; NotFoundError; and as `submit` does.
    """
    old = get_job(connection, job_id)
    if old.state not in (JobState.FAILED, JobState.CANCELLED):
        raise NotRetryableError(f"job {job_id} is {old.state}; only a failed or cancelled job can be retried")
    time = (old.deadline_at - old.created_at).total_seconds() if old.deadline_at is not None else None
    return submit(
        connection,
        Submission(
            kind=old.kind,
            model=old.model,
            dataset_id=old.dataset_id,
            params=old.params,
            owner=owner,
            idempotency_key=idempotency_key,
            priority=old.priority,
            deadline_seconds=time,
            retry_of=job_id,
            job_id=new_job_id,
        ),
        replace(limits, deadline_seconds=None),
    )
