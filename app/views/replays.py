"""Replays: trains a version again, to check that the same spec and data give the same bytes."""

from flask import Response

from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.routing.paths import VERSION
from app.routing.route import Route
from app.schemas.job_resource import Job
from app.services import Services
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, submit_job
from app.submission.training_size import check_stored
from store.jobs.submit import Submission
from store.registry.versions import get_version


def replay_version(services: Services, name: str, version: int) -> Response:
    """Submit a job that trains a version again and compares the digests; it registers no version."""
    key = idempotency_key()
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        check_stored(services, connection, row.spec, row.dataset_id)
    params: dict[str, object] = {"version": version, "spec": row.spec}
    return submit_job(services, Submission("replay", name, row.dataset_id, params, owner(), key))


ROUTES = (
    Route(
        "POST",
        f"{VERSION}/replay",
        replay_version,
        "train",
        "Replay a version's training",
        {202: Job},
        refusals=(404, 422, 429),
        headers=REQUEST_HEADERS,
        answer_headers=ANSWER_HEADERS,
    ),
)
