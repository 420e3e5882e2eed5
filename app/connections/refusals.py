"""Refusals of what never becomes a request, as problems like all others (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus as Status

import msgspec
from gunicorn.http import errors

from app.edge.logs import access
from app.edge.problems import PROBLEM_JSON, RETRY_SECONDS
from app.edge.request_ids import HEADER
from app.shapes.problems import ProblemDetails
from store.ids import new_id

STATUSES: Mapping[type[Exception], Status] = {
    errors.InvalidResponseHeader: Status.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: Status.INTERNAL_SERVER_ERROR,
    errors.UnsupportedTransferCoding: Status.NOT_IMPLEMENTED,
    errors.LimitRequestLine: Status.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: Status.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: Status.EXPECTATION_FAILED,
    errors.ParseException: Status.BAD_REQUEST,
}
"""What the parser's exceptions are told as; an exception without a line is an error of this service."""


def status_of(error: BaseException) -> Status:
    """Return the status that tells this exception of the parser or of a connection."""
    found = (STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return next(found, Status.INTERNAL_SERVER_ERROR)


def refusal(status: Status, detail: str, path: str = "") -> bytes:
    """Return a whole answer that says so and closes the connection, and log it; of floods the loop tells in sums."""
    request_id = new_id()
    if status != Status.SERVICE_UNAVAILABLE:
        facts = {"request_id": request_id, "path": path, "status": status, "detail": detail}
        access.info("refused %d", status, extra={"facts": facts})
    body = msgspec.json.encode(ProblemDetails("about:blank", status.phrase, status, detail, path, [], request_id))
    head = {
        "Content-Type": PROBLEM_JSON,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "X-Content-Type-Options": "nosniff",
        HEADER: request_id,
    }
    if status == Status.SERVICE_UNAVAILABLE:
        head["Retry-After"] = RETRY_SECONDS
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in head.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
