"""Results: the files that scoring jobs write."""

from http import HTTPStatus as Status

from flask import Response, request, send_file

from app.edge.responses import raise_if_precondition_failed
from app.errors import ResultMissingError
from app.routing.route import Header, Route
from app.services import Services
from model.tables.file_reading import MEDIA_TYPES
from store.errors import ArtifactError, NotFoundError
from store.job_states import JobState
from store.jobs.read import get_job
from store.results import check_result

MEDIA_TYPE_OF = {output: media_type for media_type, output in MEDIA_TYPES.items()}


def download_result(services: Services, job_id: str) -> Response:
    """Return the scored table, or the part that Range names; the ETag is the SHA-256 of the whole file.

    A result never changes, so a client can fetch a part later with If-Range.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
    if job.kind != "scoring":
        raise NotFoundError(f"job {job_id} is a {job.kind}, which writes no file; its result is in /v1/jobs/{job_id}")
    if job.state != JobState.SUCCEEDED:
        raise ResultMissingError(f"job {job_id} is {job.state}: only a job that has succeeded has a result")
    with services.database.read() as connection:
        check_result(connection, job_id)
    assert job.result is not None  # noqa: S101 - the job has succeeded
    path = services.artifacts.path(job.result["sha256"])
    if not path.is_file():
        raise ArtifactError(f"artifact {job.result['sha256']} is not there")
    if not _single_range(request.headers.get("Range", "")):
        del request.environ["HTTP_RANGE"]
    output, version = job.params["output"], job.params["version"]
    answer = send_file(
        path,
        mimetype=MEDIA_TYPE_OF[output],
        as_attachment=True,
        download_name=f"{job.model}-{version}-{job_id}.{output}",
        etag=job.result["sha256"],
        last_modified=job.finished_at,
        conditional=True,
    )
    raise_if_precondition_failed(answer)
    return answer


def _single_range(wanted: str) -> bool:
    """Return whether this is a single range of bytes; others are ignored, as RFC 9110, 14.2 allows."""
    return not wanted or (wanted.lower().startswith("bytes=") and "," not in wanted)


ROUTES = (
    Route(
        "GET",
        "/v1/jobs/{job_id}/result",
        download_result,
        "read",
        "Download the result of a scoring job",
        dict.fromkeys((int(Status.OK), int(Status.PARTIAL_CONTENT)), MEDIA_TYPE_OF["csv"]),
        refusals=(404, 409, 410, 416),
        also=(MEDIA_TYPE_OF["ndjson"], MEDIA_TYPE_OF["parquet"]),
        headers=(Header("Range", "the range of bytes to return, such as bytes=0-1023"),),
        answer_headers=(
            Header("ETag", "the file's SHA-256", required=True),
            Header("Content-Disposition", "the name of the file", required=True),
        ),
    ),
)
