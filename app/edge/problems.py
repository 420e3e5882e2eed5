"""Problem responses: one table maps exceptions to problem+json (RFC 9457)."""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus as Status

import msgspec
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from app import errors as app_errors
from app.edge.exchange import this_exchange
from app.edge.lingering import linger
from app.schemas.problem_details import Fault, ProblemDetails
from model import errors as model_errors
from model.names import escaped
from store import errors as store_errors

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
MOST_PROBLEMS = 100
RETRY_SECONDS = "5"


@dataclass(frozen=True)
class ProblemType:
    """The type of a problem; `name` is None if the status is enough; `place` is the pointer of its only problem."""

    status: Status
    name: str | None = None
    title: str = ""
    place: str | None = None

    @property
    def type(self) -> str:
        """The problem's type: a name to compare, not an address to visit."""
        return f"urn:problem-type:ebb:{self.name}" if self.name else "about:blank"


TABLE: dict[type[Exception], ProblemType] = {
    app_errors.MalformedError: ProblemType(Status.BAD_REQUEST, "malformed-body", "The body cannot be read"),
    app_errors.InputError: ProblemType(Status.UNPROCESSABLE_ENTITY, "invalid-input", "The request does not fit"),
    app_errors.MediaTypeError: ProblemType(Status.UNSUPPORTED_MEDIA_TYPE),
    app_errors.TooLargeError: ProblemType(Status.REQUEST_ENTITY_TOO_LARGE),
    app_errors.UnauthenticatedError: ProblemType(Status.UNAUTHORIZED),
    app_errors.ForbiddenError: ProblemType(Status.FORBIDDEN),
    app_errors.TooManyRequestsError: ProblemType(Status.TOO_MANY_REQUESTS, "rate", "Too many requests of this key"),
    app_errors.TooManyInvalidKeysError: ProblemType(
        Status.TOO_MANY_REQUESTS, "guesses", "Too many keys that are not valid"
    ),
    app_errors.MisdirectedError: ProblemType(Status.MISDIRECTED_REQUEST),
    app_errors.PreconditionMissingError: ProblemType(Status.PRECONDITION_REQUIRED),
    app_errors.ResultMissingError: ProblemType(Status.CONFLICT, "no-result", "The job has no result"),
    app_errors.NotReadyError: ProblemType(Status.SERVICE_UNAVAILABLE, "not-ready", "The service is not ready"),
    app_errors.StreamsError: ProblemType(Status.SERVICE_UNAVAILABLE, "streams", "Too many streams are open"),
    app_errors.ConcurrencyLimitError: ProblemType(
        Status.SERVICE_UNAVAILABLE, "busy", "As many such requests are under way as may be"
    ),
    app_errors.OverloadedError: ProblemType(Status.SERVICE_UNAVAILABLE, "overloaded", "The service is overloaded"),
    store_errors.NotFoundError: ProblemType(Status.NOT_FOUND),
    store_errors.ExpiredError: ProblemType(Status.GONE, "expired", "It was removed"),
    store_errors.InUseError: ProblemType(Status.CONFLICT, "in-use", "An alias or an unfinished job needs it"),
    store_errors.DiskFullError: ProblemType(
        Status.INSUFFICIENT_STORAGE, "disk-full", "The disk has no room for more", ""
    ),
    store_errors.QuotaError: ProblemType(Status.INSUFFICIENT_STORAGE, "quota", "The key may store no more", ""),
    store_errors.PageTokenError: ProblemType(
        Status.UNPROCESSABLE_ENTITY, "page-token", "Not a page token of this list", "/query/page_token"
    ),
    store_errors.IdempotencyError: ProblemType(
        Status.UNPROCESSABLE_ENTITY, "idempotency-key", "Idempotency key used before", "/headers/Idempotency-Key"
    ),
    store_errors.InFlightError: ProblemType(
        Status.CONFLICT, "in-flight", "The first such request is not answered yet", "/headers/Idempotency-Key"
    ),
    store_errors.AlreadyFinishedError: ProblemType(Status.CONFLICT, "already-finished", "The job has ended"),
    store_errors.QueueFullError: ProblemType(Status.TOO_MANY_REQUESTS, "queue-full", "Too many jobs wait already"),
    store_errors.NotRetryableError: ProblemType(Status.CONFLICT, "not-retryable", "The job cannot be tried again"),
    store_errors.StaleRevisionError: ProblemType(Status.PRECONDITION_FAILED),
    store_errors.NothingBeforeError: ProblemType(
        Status.CONFLICT, "nothing-before", "The alias never pointed elsewhere"
    ),
    store_errors.ArtifactError: ProblemType(Status.SERVICE_UNAVAILABLE, "artifact", "Stored bytes cannot be had"),
    store_errors.BrokerError: ProblemType(Status.SERVICE_UNAVAILABLE, "broker", "The message broker cannot be had"),
    store_errors.DatabaseError: ProblemType(Status.SERVICE_UNAVAILABLE, "database", "The database does not answer"),
    MemoryError: ProblemType(
        Status.REQUEST_ENTITY_TOO_LARGE, "memory", "The request needs more memory than there is: send less at once"
    ),
    model_errors.EstimatorError: ProblemType(Status.CONFLICT, "estimator", "This release cannot use the estimator"),
    model_errors.SpecError: ProblemType(Status.UNPROCESSABLE_ENTITY, "invalid-input", "The request does not fit"),
    model_errors.TableError: ProblemType(
        Status.UNPROCESSABLE_ENTITY, "unreadable-table", "The table cannot be used", ""
    ),
    model_errors.ColumnError: ProblemType(
        Status.UNPROCESSABLE_ENTITY, "unreadable-table", "The table cannot be used", ""
    ),
}

QUIET = (store_errors.DatabaseError, store_errors.BrokerError, store_errors.ArtifactError, MemoryError)
"""Exceptions whose messages go to the log, not to the client."""


def install(app: Flask) -> None:
    """Answer every exception, those of Flask included, with a problem."""
    app.register_error_handler(HTTPException, _refuse_http)
    for error in TABLE:
        app.register_error_handler(error, _refuse)
    app.register_error_handler(Exception, _fail)


def _refuse(error: Exception) -> Response:
    problem_type = next(TABLE[parent] for parent in type(error).__mro__ if parent in TABLE)
    problems: Iterable[model_errors.Problem] = getattr(error, "problems", ())
    detail = problem_type.title if isinstance(error, QUIET) else str(error)
    if problem_type.place is not None and problem_type.name is not None:
        role = getattr(error, "role", "")  # of the column that the query names
        problems = [model_errors.Problem(f"/query/{role}" if role else problem_type.place, problem_type.name, detail)]
    if problem_type.status >= Status.INTERNAL_SERVER_ERROR or isinstance(error, MemoryError):
        log.warning("request %s: %s: %s", this_exchange().id, type(error).__name__, error)
    response = _problem(problem_type, detail, problems)
    if (seconds := getattr(error, "retry_after_s", None)) is not None:
        response.headers["Retry-After"] = str(math.ceil(seconds))
    for challenge in getattr(error, "challenges", ()):
        response.headers.add("WWW-Authenticate", challenge)  # a header each: browsers do not split them
    return response


def _refuse_http(error: HTTPException) -> Response:
    detail = error.description or ""
    if isinstance(error, RequestEntityTooLarge):
        most = request.max_content_length or 0
        uploads = most != current_app.config["MAX_CONTENT_LENGTH"]
        other = "send several, or a table to POST /v1/jobs/scoring (`ebb score`)"
        hint = "EBB_UPLOAD_BYTES sets how many" if uploads else other
        detail = f"the body is larger than the {most:,} bytes this address takes; {hint}"
    elif isinstance(error, NotFound):  # no route has this path; NotFoundError is for rows
        detail = "no route has this path: /docs lists the routes; the id of a job or a dataset is a UUID"
    response = _problem(ProblemType(Status(error.code or 500)), detail)
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _fail(error: Exception) -> Response:
    log.error("request %s failed", this_exchange().id, exc_info=error)
    problem_type = ProblemType(Status.INTERNAL_SERVER_ERROR)
    return _problem(
        problem_type, "an error of the service, not of the request; its log has details under the request id"
    )


def _problem(problem_type: ProblemType, detail: str, problems: Iterable[model_errors.Problem] = ()) -> Response:
    problems = tuple(problems)
    body = ProblemDetails(
        type=problem_type.type,
        title=problem_type.title or problem_type.status.phrase,
        status=problem_type.status,
        detail=escaped(detail),  # of one problem, it begins with the pointer
        instance=request.path,
        errors=[Fault.of(problem) for problem in problems[:MOST_PROBLEMS]],
        request_id=this_exchange().id,
    )
    response = Response(msgspec.json.encode(body), problem_type.status, mimetype=PROBLEM_JSON)
    if problem_type.status in (Status.TOO_MANY_REQUESTS, Status.SERVICE_UNAVAILABLE):
        response.headers["Retry-After"] = RETRY_SECONDS
    response.call_on_close(partial(linger, request.environ))
    return response
