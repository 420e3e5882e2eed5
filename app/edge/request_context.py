"""The current request, the values that are kept as long as it lasts, and its id.

Flask's `request` and `g` look their object up at each use. Code that every request runs calls these functions once
instead; other code uses Flask's names.
"""

import re
from typing import Any

from flask import Request, Response, g, request

from app.edge.hooks import Hooks
from store import audit
from store.ids import new_id

HEADER = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def this_request() -> Request:
    """Return the current request.

    Raises: RuntimeError outside of one.
    """
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]  # as Flask's documentation has it


def kept() -> Any:
    """Return the values that are kept until the request ends.

    Raises: RuntimeError outside of one.
    """
    return g._get_current_object()  # as Flask's documentation has it


def install(hooks: Hooks) -> None:
    """Name every request and say the name in its answer."""
    hooks.before_request(_name)
    hooks.after_request(_tell)


def request_id() -> str:
    """Return this request's id."""
    here = kept()
    name: str | None = here.get("request_id")
    if name is None:
        given = this_request().headers.get(HEADER, "")
        here.request_id = name = given if _FIT.fullmatch(given) else new_id()
    return name


def _name() -> None:
    audit.request_id.set(request_id())


def _tell(response: Response) -> Response:
    response.headers.add(HEADER, request_id())
    return response
