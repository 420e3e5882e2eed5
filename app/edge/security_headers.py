"""Headers that keep browsers from making more of an answer than it is."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from flask import Flask

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A tag spares a client the body; scores say no-store themselves.
    "Cache-Control": "private, no-cache",
}
_ADDED = [(name.lower(), (name, value)) for name, value in HEADERS.items()]


def install(app: Flask) -> None:
    """Set them on every answer that does not say otherwise itself.

    Here they join a plain list; on a Flask response each would be checked and copied one by one.
    """
    app.wsgi_app = _adding(app.wsgi_app)  # type: ignore[method-assign,assignment]  # Flask's documented way


def _adding(answer: WSGIApplication) -> WSGIApplication:
    def answer_with_more(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        def start_with_more(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            said = {name.lower() for name, _ in headers}
            return start(status, headers + [header for name, header in _ADDED if name not in said], *failure)

        return answer(environ, start_with_more)

    return answer_with_more
