"""Retries: submits a failed or cancelled job again."""

from typing import Any

from flask import Response

from app.access.access_control import require_retry
from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.routing.route import Route
from app.schemas.job_resource import Job
from app.services import Services
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, job_accepted
from app.submission.training_size import check_stored
from store.ids import new_id
from store.jobs.read import get_job
from store.jobs.retry import retry


def retry_job(services: Services, job_id: str, **_: object) -> Response:
    """Submit a failed or cancelled job again, as a new job whose `retry_of` names the old one.

    The caller needs the key that submitted the job, or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
        require_retry(job)
        if job.kind != "scoring":
            check_stored(services, connection, job.params["spec"], job.dataset_id)
    key, by, new_job_id = idempotency_key(), owner(), new_id()
    names: dict[str, Any] = {"owner": by, "idempotency_key": key, "new_job_id": new_job_id}
    settings = services.settings
    names |= {"queue_limit": settings.queue_limit, "stored_bytes": settings.stored_bytes}
    submitted = services.database.write(lambda connection: retry(connection, job_id, **names))
    return job_accepted(services, submitted)


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
