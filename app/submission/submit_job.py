"""Submits jobs, publishes them and answers 202."""

from dataclasses import replace
from http import HTTPStatus as Status

from flask import Response

from app.edge.idempotency import JOB_KEY, REPLAYED
from app.edge.responses import json_answer
from app.routing.route import LOCATION, Header
from app.schemas.job_resource import to_job
from app.services import Services
from store.jobs.read import get_job
from store.jobs.submit import Submission, SubmitLimits, Submitted, submit

RETRY_SECONDS = "1"

REQUEST_HEADERS = (JOB_KEY,)
ANSWER_HEADERS = (
    replace(LOCATION, of=(Status.ACCEPTED,)),
    Header("Retry-After", "seconds to wait before the next look at the job", required=True, of=(Status.ACCEPTED,)),
)


def submit_job(services: Services, submission: Submission) -> Response:
    """Submit a job within the limits of the settings, and answer 202 with it.

    Raises: as `submit` does.
    """
    limits = SubmitLimits.of(services.settings)
    submitted = services.database.write(lambda connection: submit(connection, submission, limits))
    return job_accepted(services, submitted)


def job_accepted(services: Services, submitted: Submitted) -> Response:
    """Publish the job, and answer 202 with the job and its URL."""
    services.publisher.publish_soon(submitted.job_id)
    with services.database.read() as connection:
        answer = json_answer(to_job(get_job(connection, submitted.job_id)), Status.ACCEPTED)
    answer.headers["Location"] = f"/v1/jobs/{submitted.job_id}"
    answer.headers["Retry-After"] = RETRY_SECONDS
    if submitted.replayed:
        answer.headers[REPLAYED] = "true"
    return answer
