"""The current request and what the hooks know of it, kept until its response is sent.

Flask's `request` and `g` look their object up at each use. Code that every request runs does so once instead; other
code uses Flask's names.
"""

import re
import time
from dataclasses import dataclass, field

from flask import Request, g, request

from app.routing.route import Route
from store import audit
from store.ids import new_id
from store.keys import Caller

ID_HEADER = "X-Request-ID"
ADDED_HEADERS = "ebb.headers"
"""Where a request's environment holds the headers that its response gets, whatever view or error makes it."""
NOBODY = Caller("", frozenset())
_FIT = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(slots=True)
class Exchange:
    """A request on its way to a response.

    `route` is None at an address that is none. `caller` is NOBODY until the key is checked, and where none is asked for.

    Units: `begun` in seconds of `time.perf_counter`.
    """

    request: Request
    route: Route | None
    id: str
    headers: list[tuple[str, str]]
    caller: Caller = NOBODY
    begun: float = field(default_factory=time.perf_counter)


def begin_exchange(request: Request, route: Route | None) -> Exchange:
    """Give the request an id, the client's own or a new one, and keep the exchange for `this_exchange`."""
    given = request.headers.get(ID_HEADER)
    name = given if given is not None and _FIT.fullmatch(given) else new_id()
    headers = request.environ.setdefault(ADDED_HEADERS, [])
    headers.append((ID_HEADER, name))
    g.exchange = exchange = Exchange(request, route, name, headers)
    audit.request_id.set(name)
    return exchange


def this_request() -> Request:
    """Return the current request.

    Raises: RuntimeError outside of one.
    """
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]  # as Flask's documentation has it


def this_exchange() -> Exchange:
    """Return what the hooks know of the current request.

    Raises: RuntimeError outside of one.
    """
    exchange: Exchange = g.exchange
    return exchange
