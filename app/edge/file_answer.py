"""Answers that are stored files, whole or in part."""

from datetime import datetime
from http import HTTPStatus as Status

from flask import Response, request, send_file

from app.edge.responses import raise_if_precondition_failed
from app.routing.route import Header
from store.artifacts import ArtifactStore
from store.errors import ArtifactError

FILE_STATUSES = (int(Status.OK), int(Status.PARTIAL_CONTENT))
FILE_REFUSALS = (404, 410, 416)
RANGE = Header("Range", "the range of bytes to return, such as bytes=0-1023")
FILE_HEADERS = (
    Header("ETag", "the file's SHA-256", required=True),
    Header("Content-Disposition", "the name of the file", required=True),
)


def file_answer(kept: ArtifactStore, sha256: str, media_type: str, name: str, changed: datetime | None) -> Response:
    """Return the file of an artifact, or the part that Range names; the ETag is the SHA-256 of the whole file.

    Raises: ArtifactError; PreconditionFailed (412).
    """
    path = kept.path(sha256)
    if not path.is_file():
        raise ArtifactError(f"artifact {sha256} is not there")
    if not _single_range(request.headers.get("Range", "")):
        del request.environ["HTTP_RANGE"]
    answer = send_file(
        path,
        mimetype=media_type,
        as_attachment=True,
        download_name=name,
        etag=sha256,
        last_modified=changed,
        conditional=True,
    )
    raise_if_precondition_failed(answer)
    return answer


def _single_range(wanted: str) -> bool:
    """Return whether this is a single range of bytes; others are ignored, as RFC 9110, 14.2 allows."""
    return not wanted or (wanted.lower().startswith("bytes=") and "," not in wanted)
