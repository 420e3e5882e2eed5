"""The answer to a request that became a job."""

from http import HTTPStatus as Status

from flask import Response, request

from app.edge.answers import json_answer
from app.errors import InputError
from app.route import Header
from app.services import Services
from app.views.datasets import LOCATION
from app.views.jobs import shown
from model.errors import Problem
from store.jobs.read import get_job
from store.jobs.submit import Submitted

KEY = "Idempotency-Key"
LONGEST_KEY = 255
RETRY_SECONDS = "1"

ASKED = (Header(KEY, "the same key and request answer the first job again"),)
SENT = (LOCATION, Header("Retry-After", "seconds until looking at the job pays"))


def idempotency_key() -> str | None:
    """Return the key under which the same request again is answered by the first job.

    Raises: InputError.
    """
    key = request.headers.get(KEY)
    if key is not None and not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        text = f"must be 1 to {LONGEST_KEY} printable ASCII characters"
        raise InputError.of([Problem(f"/headers/{KEY}", "format", text)])
    return key


def accepted(services: Services, submitted: Submitted) -> Response:
    """Have the bell rung, and answer 202 with the job and where to look at it."""
    services.ringer.ring_soon(submitted.job_id)
    with services.database.read() as connection:
        answer = json_answer(shown(get_job(connection, submitted.job_id)), Status.ACCEPTED)
    answer.headers["Location"] = f"/v1/jobs/{submitted.job_id}"
    answer.headers["Retry-After"] = RETRY_SECONDS
    if submitted.replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer
