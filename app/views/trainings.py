"""Training jobs: a request is parsed to the last key, becomes a row, and only then is anybody told."""

from http import HTTPStatus as Status

from flask import Response, request

from app.edge.access import owner
from app.edge.answers import json_answer
from app.errors import InputError
from app.route import Header, Route
from app.services import Services
from app.shapes.jobs import Job, TrainingRequest, ValidTraining
from app.specs import read_spec
from app.views.datasets import LOCATION
from app.views.jobs import shown
from model.errors import Problem
from model.spec import Spec
from store.database import Connection
from store.datasets import find_dataset
from store.jobs.read import get_job
from store.jobs.submit import Submission, submit

KEY = "Idempotency-Key"
LONGEST_KEY = 255
RETRY_SECONDS = "1"


def submit_training(services: Services, body: TrainingRequest, **_: object) -> Response:
    """Answer 202 once the job is a row, whether a broker is there or not; 200 for `validate_only`."""
    key = _idempotency_key()
    with services.database.read() as connection:
        spec = _checked(connection, body)
    if body.validate_only:
        return json_answer(ValidTraining(valid=True, spec=spec.to_json()))
    params = {"spec": spec.to_json(), "promote": body.promote}
    submission = Submission("training", body.model, body.dataset, params, owner(), key)
    submitted = services.database.write(lambda connection: submit(connection, submission))
    services.ringer.ring_soon(submitted.job_id)
    with services.database.read() as connection:
        answer = json_answer(shown(get_job(connection, submitted.job_id)), Status.ACCEPTED)
    answer.headers["Location"] = f"/v1/jobs/{submitted.job_id}"
    answer.headers["Retry-After"] = RETRY_SECONDS
    if submitted.replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _checked(connection: Connection, body: TrainingRequest) -> Spec:
    """Return the parsed spec.

    Raises: InputError with every problem of the spec and of the dataset together.
    """
    spec, problems = read_spec(body.spec, "/spec")
    if find_dataset(connection, body.dataset) is None:
        missing = "there is no such dataset; upload it with POST /v1/datasets"
        problems = [Problem("/dataset", "not_found", missing), *problems]
    if spec is None or problems:
        raise InputError.of(problems)
    return spec


def _idempotency_key() -> str | None:
    key = request.headers.get(KEY)
    if key is not None and not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST_KEY):
        text = f"must be 1 to {LONGEST_KEY} printable ASCII characters"
        raise InputError.of([Problem(f"/headers/{KEY}", "format", text)])
    return key


ROUTES = (
    Route(
        "POST",
        "/v1/jobs/training",
        submit_training,
        "train",
        "Train a version",
        {202: Job, 200: ValidTraining},
        refusals=(413, 415, 422),
        body=TrainingRequest,
        headers=(Header(KEY, "the same key and body answer the first job again"),),
        answer_headers=(LOCATION, Header("Retry-After", "seconds until looking at the job pays")),
    ),
)
