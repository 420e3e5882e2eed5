"""Retries: submits a failed or cancelled job again."""

from flask import Response

from app.access.access_control import require_retry
from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.routing.route import Route
from app.schemas.job_resource import Job
from app.services import Services
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, job_accepted
from app.submission.training_size import check_retried
from store.database import Connection
from store.ids import new_id
from store.jobs.read import get_job
from store.jobs.retry import retry
from store.jobs.submit import SubmitLimits, Submitted


def retry_job(services: Services, job_id: str) -> Response:
    """Submit a failed or cancelled job again, as a new job whose `retry_of` names the old one.

    The caller needs the key that submitted the job, or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
        require_retry(job)
        check_retried(services, connection, job)
    key, by, new_job_id = idempotency_key(), owner(), new_id()
    limits = SubmitLimits.of(services.settings)

    def submit_again(connection: Connection) -> Submitted:
        return retry(connection, job_id, owner=by, new_job_id=new_job_id, idempotency_key=key, limits=limits)

    return job_accepted(services, services.database.write(submit_again))


ROUTES = (
    Route(
        "POST",
        "/v1/jobs/{job_id}/retry",
        retry_job,
        "train",
        "Retry a failed or cancelled job",
        {202: Job},
        refusals=(404, 409, 410, 422, 429, 507),
        headers=REQUEST_HEADERS,
        answer_headers=ANSWER_HEADERS,
        or_scopes=("score",),
    ),
)
