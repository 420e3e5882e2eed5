"""Results: the files that scoring jobs write."""

from flask import Response

from app.access.access_control import require_submitter
from app.edge.exchange import caller_name
from app.edge.file_answer import FILE_HEADERS, FILE_REFUSALS, FILE_STATUSES, RANGE, file_answer
from app.edge.responses import no_content
from app.errors import ResultMissingError
from app.routing.route import Route
from app.services import Services
from model.tables.file_reading import MEDIA_TYPES
from store.deletion import delete_result as remove_result
from store.errors import NotFoundError
from store.job_states import JobState
from store.jobs.read import get_job
from store.results import check_result
from store.rows import JobRow

MEDIA_TYPE_OF = {output: media_type for media_type, output in MEDIA_TYPES.items()}


def download_result(services: Services, job_id: str) -> Response:
    """Return the scored table, or the part that Range names; the ETag is the SHA-256 of the whole file.

    A result never changes, so a client can fetch a part later with If-Range.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
    _check_has_result(job)
    with services.database.read() as connection:
        check_result(connection, job_id)
    assert job.result is not None  # noqa: S101 - the job has succeeded
    output, version = job.params["output"], job.params["version"]
    name = f"{job.model}-{version}-{job_id}.{output}"
    return file_answer(services.artifacts, job.result["sha256"], MEDIA_TYPE_OF[output], name, job.finished_at)


def delete_result(services: Services, job_id: str) -> Response:
    """Delete the file of a scoring job; deleting it again changes nothing. The job stays.

    The caller needs the key that submitted the job, or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
    require_submitter(job)
    _check_has_result(job)
    by = caller_name()
    services.database.write(lambda connection: remove_result(connection, services.artifacts, job_id, by=by))
    return no_content()


def _check_has_result(job: JobRow) -> None:
    """Check that this is a scoring job that has succeeded.

    Raises: NotFoundError, ResultMissingError.
    """
    if job.kind != "scoring":
        raise NotFoundError(f"job {job.id} is a {job.kind}, which writes no file; its result is in /v1/jobs/{job.id}")
    if job.state != JobState.SUCCEEDED:
        raise ResultMissingError(f"job {job.id} is {job.state}: only a job that has succeeded has a result")


ROUTES = (
    Route(
        "GET",
        "/v1/jobs/{job_id}/result",
        download_result,
        "read",
        "Download the result of a scoring job",
        dict.fromkeys(FILE_STATUSES, MEDIA_TYPE_OF["csv"]),
        refusals=(*FILE_REFUSALS, 409),
        also=(MEDIA_TYPE_OF["ndjson"], MEDIA_TYPE_OF["parquet"]),
        headers=(RANGE,),
        answer_headers=FILE_HEADERS,
    ),
    Route(
        "DELETE",
        "/v1/jobs/{job_id}/result",
        delete_result,
        "train",
        "Delete the result of a scoring job",
        {204: None},
        (404, 409),
        or_scopes=("score",),
    ),
)
