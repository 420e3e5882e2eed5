"""A second chance for a job that failed or was cancelled: a new job that names the old."""

from typing import Any

from flask import Response

from app.edge.authentication import owner
from app.edge.idempotency import idempotency_key
from app.edge.scopes import demand_to_retry
from app.routing.route import Route
from app.schemas.job_resource import Job
from app.server.services import Services
from app.submission.training_size import check_stored
from app.views.accepted import ASKED, SENT, accepted
from store.ids import new_id
from store.jobs.read import get_job
from store.jobs.retry import retry


def retry_job(services: Services, job_id: str, **_: object) -> Response:
    """Submit the work of a failed or cancelled job again, as a new job whose `retry_of` names it.

    It takes the key that submitted the job, or one with the scope `admin`.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
        demand_to_retry(job)
        if job.kind != "scoring":
            check_stored(services, connection, job.params["spec"], job.dataset_id)
    key, by, new_job_id = idempotency_key(), owner(), new_id()
    names: dict[str, Any] = {"owner": by, "idempotency_key": key, "new_job_id": new_job_id}
    settings = services.settings
    names |= {"queue_limit": settings.queue_limit, "stored_bytes": settings.stored_bytes}
    submitted = services.database.write(lambda connection: retry(connection, job_id, **names))
    return accepted(services, submitted)


ROUTES = (
    Route(
        "POST",
        "/v1/jobs/{job_id}/retry",
        retry_job,
        "train",
        "Try a failed or cancelled job again",
        {202: Job},
        refusals=(404, 409, 410, 422, 429, 507),
        headers=ASKED,
        answer_headers=SENT,
        or_scopes=("score",),
    ),
)
