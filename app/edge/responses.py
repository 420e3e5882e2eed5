"""Responses: JSON bodies, entity tags, and the security headers of every response."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

import msgspec
from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import PreconditionFailed
from werkzeug.utils import get_content_type

from app.edge.exchange import ADDED_HEADERS
from app.routing.route import JSON

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",  # an entity tag spares a client the body; scores set no-store themselves
}
_ADDED = [(name.lower(), (name, value)) for name, value in SECURITY_HEADERS.items()]


def install(app: Flask) -> None:
    """Add to every response the headers of its request's environment, and the security headers that it lacks.

    They are added to the list that goes to the server: a Flask response would check and copy each of them.
    """
    app.wsgi_app = _adding(app.wsgi_app)  # type: ignore[method-assign,assignment]  # Flask's documented way


def _adding(answer: WSGIApplication) -> WSGIApplication:
    def answer_with_more(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        added: list[tuple[str, str]] = []
        environ[ADDED_HEADERS] = added

        def start_with_more(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            own = {name.lower() for name, _ in headers}
            return start(status, [*headers, *added, *(each for name, each in _ADDED if name not in own)], *failure)

        return answer(environ, start_with_more)

    return answer_with_more


class CompleteResponse(Response):
    """A 200 with these bytes and complete headers, which Flask does not process again.

    It is for answers to requests with a body, and does not support HEAD and conditional requests.
    """

    def __init__(self, body: bytes, mimetype: str, headers: Mapping[str, str]) -> None:
        own = (("Content-Type", _content_type(mimetype)), ("Content-Length", str(len(body))))
        complete = Headers([*own, *headers.items()])
        super().__init__([body], headers=complete, direct_passthrough=True)

    def get_wsgi_response(self, environ: Mapping[str, Any]) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return body, status and headers as they are."""
        return self.response, self.status, self.headers.to_wsgi_list()  # type: ignore[return-value]  # bytes


@lru_cache(maxsize=16)
def _content_type(mimetype: str) -> str:
    return get_content_type(mimetype, "utf-8")


def json_answer(body: msgspec.Struct, status: int = HTTPStatus.OK) -> Response:
    """Return a response with a JSON body."""
    return Response(msgspec.json.encode(body), status, mimetype=JSON)


def no_content(headers: Mapping[str, str] | None = None) -> Response:
    """Return a 204 response, which has no body and no content type."""
    answer = Response(status=HTTPStatus.NO_CONTENT, headers=headers)
    del answer.headers["Content-Type"]
    return answer


def conditional(response: Response, etag: str | None = None) -> Response:
    """Set the entity tag, by default the body's digest; turn the response into a 304 if the client has that body."""
    response.set_etag(etag or hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    raise_if_precondition_failed(response)
    return response


def raise_if_precondition_failed(response: Response) -> None:
    """Refuse a request whose condition does not hold, with a problem; Werkzeug would answer without a body.

    Raises: PreconditionFailed (412).
    """
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        raise PreconditionFailed("If-Match or If-Unmodified-Since does not hold: the resource has changed")
