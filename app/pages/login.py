"""Login with an API key, and logout.

A key is sent once; from then on the browser sends the random token of a session, which scripts cannot read.
"""

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec
from flask import Response, request
from msgspec import Meta

from app.access.browser_access import require_same_origin
from app.errors import ForbiddenError, TooLargeError
from app.pages.page_route import HTML, page_route
from app.pages.rendering import redirected, render_page
from app.parsing.request_parsing import body_type
from app.routing.route import Route
from app.services import Services

LOGIN = "/login"
FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 10_000
LOCAL_ADDRESS = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""An address of this server: browsers read `//host` and `/\\host` as another one, and skip control characters."""


class LoginQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go after the login."""

    next: Annotated[str, Meta(max_length=4000)] = "/"


def show_login(services: Services, query: LoginQuery) -> Response:
    """Return the form that takes a key; a server without keys needs none."""
    if services.authentication.keyless:
        return redirected("/")
    return render_page("login", target=local_address(query.next), error="")


def log_in(services: Services) -> Response:
    """Open a session for the key of the form, and go to the page that was asked for."""
    form = _form()
    caller = services.authentication.caller_of(form.get("key", "").strip())
    if not caller.may("read"):
        raise ForbiddenError("this key lacks the scope 'read', which the pages need; take one that has it")
    response = redirected(local_address(form.get("next", "")))
    services.sessions.open(response, request, caller.key_id, read_only="read_only" in form)
    return response


def log_out(services: Services) -> Response:
    """End the session, and show the login."""
    require_same_origin(request)
    response = redirected(LOGIN)
    services.sessions.close(response, request)
    return response


def local_address(text: str) -> str:
    r"""Return an address of this server, or else that of the first page.

    Example:
        >>> [local_address(text) for text in ("/jobs?state=failed", "//evil.example", "/\\evil.example", "https://x")]
        ['/jobs?state=failed', '/', '/', '/']
    """
    return text if LOCAL_ADDRESS.fullmatch(text) else "/"


def _form() -> Mapping[str, str]:
    """Return the fields of a small form that a page of this server sent.

    Raises: ForbiddenError, MediaTypeError, TooLargeError.
    """
    require_same_origin(request)
    if request.content_length is None or request.content_length > FORM_BYTES:
        raise TooLargeError(f"the form is larger than the {FORM_BYTES:,} bytes that this address takes")
    body_type((FORM,))
    return request.form


ROUTES = (
    page_route(LOGIN, show_login, "Log in", LoginQuery, scope=None),
    Route("POST", LOGIN, log_in, None, "Open a session", {303: HTML}, page=True),
    Route("POST", "/logout", log_out, None, "End the session", {303: HTML}, page=True),
)
