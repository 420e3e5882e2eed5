"""The file that a scoring job made."""

from http import HTTPStatus as Status

from flask import Response, request, send_file

from app.edge.responses import checked
from app.errors import ResultMissingError
from app.routing.route import Header, Route
from app.server.services import Services
from model.tables.reader import MEDIA_TYPES
from store.errors import ArtifactError, NotFoundError
from store.jobs.read import get_job
from store.jobs.states import JobState
from store.results import check_result

MEDIA_TYPE_OF = {output: media_type for media_type, output in MEDIA_TYPES.items()}


def download_result(services: Services, job_id: str, **_: object) -> Response:
    """Send the scored table, or the part of it that a Range asks for; its ETag is the SHA-256 of the whole.

    What it says stays, so a part can be fetched later with If-Range.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
    if job.kind != "scoring":
        raise NotFoundError(f"job {job_id} is a {job.kind}, which makes no file; its result is in /v1/jobs/{job_id}")
    if job.state != JobState.SUCCEEDED:
        raise ResultMissingError(f"job {job_id} is {job.state}: only a job that has succeeded has a result")
    with services.database.read() as connection:
        check_result(connection, job_id)
    path = services.artifacts.path(job.result["sha256"])
    if not path.is_file():
        raise ArtifactError(f"artifact {job.result['sha256']} is not there")
    if not _understood(request.headers.get("Range", "")):
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
    return checked(answer)


def _understood(wanted: str) -> bool:
    """Tell of one range of bytes; another unit is ignored, and several may be (RFC 9110, 14.2)."""
    return not wanted or (wanted.lower().startswith("bytes=") and "," not in wanted)


ROUTES = (
    Route(
        "GET",
        "/v1/jobs/{job_id}/result",
        download_result,
        "read",
        "Download what a scoring job made",
        dict.fromkeys((int(Status.OK), int(Status.PARTIAL_CONTENT)), MEDIA_TYPE_OF["csv"]),
        refusals=(404, 409, 410, 416),
        also=(MEDIA_TYPE_OF["ndjson"], MEDIA_TYPE_OF["parquet"]),
        headers=(Header("Range", "the bytes wanted, such as bytes=0-1023"),),
        answer_headers=(
            Header("ETag", "the file's SHA-256", required=True),
            Header("Content-Disposition", "a name for the file", required=True),
        ),
    ),
)
