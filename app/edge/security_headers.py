"""Headers that keep browsers from making more of an answer than it is."""

from flask import Flask, Response

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A tag spares a client the body; scores say no-store themselves.
    "Cache-Control": "private, no-cache",
}


def install(app: Flask) -> None:
    """Set them on every answer that does not say otherwise itself."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    said = {name.lower() for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in said:
            response.headers.add(name, value)
    return response
