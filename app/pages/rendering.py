"""Renders the pages: one layout around each, every value escaped, under a policy that allows no script of others.

Templates are strict: a name that is not there is an error. `reader` tells what the caller may do, so that a page shows
no button whose request would be refused; the API checks each request all the same.
"""

from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from app.edge.exchange import Exchange, this_exchange
from app.pages.formats import FILTERS
from app.pages.page_route import HTML
from app.pages.static_files import static_address

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with no-referrer, forms would send "Origin: null"
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",  # nothing of a page is left in the browser after logout
}
NAVIGATION = (
    ("/", "Start"),
    ("/calls", "Call list"),
    ("/jobs", "Jobs"),
    ("/models", "Models"),
    ("/operations", "Operations"),
)


@dataclass(frozen=True)
class PageReader:
    """The reader of a page: the id of the key, empty where none is required, and what the reader may change."""

    key_id: str
    scopes: frozenset[str]
    read_only: bool

    @classmethod
    def of(cls, exchange: Exchange) -> "PageReader":
        """Return the reader of this request's page."""
        return cls(exchange.caller.key_id, exchange.caller.scopes, exchange.read_only)

    def sees(self, scope: str) -> bool:
        """Return whether the reader has this scope."""
        return bool({scope, "admin"} & self.scopes)

    def may(self, *scopes: str) -> bool:
        """Return whether the reader may change what takes one of these scopes."""
        return not self.read_only and any(map(self.sees, scopes))

    def submitted(self, owner: str) -> bool:
        """Return whether the reader may change what this key submitted."""
        return not self.read_only and (owner == self.key_id or self.sees("admin"))


def render_page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page: the template with these values, in the layout of all pages."""
    return Response(page_text(template, **values), status, mimetype=HTML, headers=HEADERS)


def redirected(address: str) -> Response:
    """Return the answer that sends the browser to another address of this server."""
    return Response(status=HTTPStatus.SEE_OTHER, mimetype=HTML, headers={**HEADERS, "Location": address})


def page_text(template: str, **values: Any) -> str:
    """Return the HTML of a page."""
    exchange = this_exchange()
    section = "/" + exchange.request.path.split("/")[1]
    shared = {"reader": PageReader.of(exchange), "navigation": NAVIGATION, "section": section}
    return environment().get_template(f"{template}.html.jinja").render({**shared, **values})


@cache
def environment() -> Environment:
    """Return the environment of the templates."""
    made = Environment(
        loader=PackageLoader("app.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= FILTERS
    made.globals["static"] = static_address
    return made
