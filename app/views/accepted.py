"""The answer to a request that became a job."""

from dataclasses import replace
from http import HTTPStatus as Status
from typing import Any

from flask import Response

from app.edge import idempotency
from app.edge.responses import json_answer
from app.routing.route import Header
from app.server.services import Services
from app.views.datasets import LOCATION
from app.views.jobs import shown
from store.jobs.read import get_job
from store.jobs.submit import Submission, Submitted, submit

RETRY_SECONDS = "1"

ASKED = (idempotency.ASKED,)
SENT = (
    replace(LOCATION, of=(Status.ACCEPTED,)),
    Header("Retry-After", "seconds until looking at the job pays", required=True, of=(Status.ACCEPTED,)),
)


def accept(services: Services, submission: Submission) -> Response:
    """Make the submission a job, as far as the settings allow, and answer with it.

    Raises: as `submit` does.
    """
    limits: dict[str, Any] = {
        "queue_limit": services.settings.queue_limit,
        "deadline_seconds": services.settings.deadline_seconds or None,
        "stored_bytes": services.settings.stored_bytes,
    }
    submitted = services.database.write(lambda connection: submit(connection, submission, **limits))
    return accepted(services, submitted)


def accepted(services: Services, submitted: Submitted) -> Response:
    """Have the bell rung, and answer 202 with the job and where to look at it."""
    services.publisher.publish_soon(submitted.job_id)
    with services.database.read() as connection:
        answer = json_answer(shown(get_job(connection, submitted.job_id)), Status.ACCEPTED)
    answer.headers["Location"] = f"/v1/jobs/{submitted.job_id}"
    answer.headers["Retry-After"] = RETRY_SECONDS
    if submitted.replayed:
        answer.headers[idempotency.REPLAYED] = "true"
    return answer
