"""Answers: JSON bodies, entity tags, and rows of the store as the contract tells them."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from flask import Response, request

from app.route import JSON


def json_answer(body: msgspec.Struct, status: int = HTTPStatus.OK) -> Response:
    """Say something in JSON."""
    return Response(msgspec.json.encode(body), status, mimetype=JSON)


def no_content(headers: Mapping[str, str] | None = None) -> Response:
    """Say that there is nothing to say, and no type of it."""
    answer = Response(status=HTTPStatus.NO_CONTENT, headers=headers)
    del answer.headers["Content-Type"]
    return answer


def conditional(response: Response, etag: str | None = None) -> Response:
    """Tag the answer, by default with its bytes' digest, and cut it to 304 where the client has it already."""
    response.set_etag(etag or hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response


def time_text(moment: datetime | None) -> str | None:
    """Write a point in time as RFC 3339 in UTC.

    Example:
        >>> time_text(datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC))
        '2026-01-02T03:04:05.600000Z'
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
