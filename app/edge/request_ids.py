"""One id a request, the client's own or ours, in the answer, the log and every problem."""

import re

from flask import Response

from app.edge.hooks import Hooks
from app.edge.request_context import kept, this_request
from store import audit
from store.ids import new_id

HEADER = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9._:-]{1,128}")


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
