"""Answers: JSON bodies, entity tags, and rows of the store as the contract tells them."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Response, request
from werkzeug.datastructures import Headers
from werkzeug.utils import get_content_type

from app.routing.route import JSON


class Whole(Response):
    """200 with these bytes, in a hurry: its headers are complete, and nobody looks at them again.

    For answers to requests with a body; HEAD and conditional requests are not for it.
    """

    def __init__(self, body: bytes, mimetype: str, headers: Mapping[str, str]) -> None:
        told = Headers([("Content-Type", _content_type(mimetype)), ("Content-Length", str(len(body)))])
        told.extend(headers)
        super().__init__([body], headers=told, direct_passthrough=True)

    def get_wsgi_response(self, environ: Mapping[str, Any]) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return body, status and headers as they are."""
        return self.response, self.status, self.headers.to_wsgi_list()  # type: ignore[return-value]  # bytes


@lru_cache(maxsize=16)
def _content_type(mimetype: str) -> str:
    return get_content_type(mimetype, "utf-8")


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
