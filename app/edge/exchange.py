"""An exchange: a request with its route, id and caller, and the hooks that run before its view and on its response.

Flask's `request` and `g` look their object up at each use. Code that every request runs does so once instead; other
code uses Flask's names.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from flask import Flask, Request, Response, g, request

from app.routing.route import Route
from store import audit
from store.ids import new_id
from store.keys import Caller

ID_HEADER = "X-Request-ID"
ADDED_HEADERS = "ebb.headers"
"""The key of the WSGI environment for headers that are added to the response, of a view or of an error."""
NOBODY = Caller("", frozenset())
_FIT = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(slots=True)
class Exchange:
    """A request with its route, id and caller.

    `route` is None if no route has the path. `caller` is NOBODY until the key is checked, and on routes without scope.
    `session` is the digest of its browser session, if it has one; `read_only` tells that the pages may change nothing.

    Units: `begun` in seconds of `time.perf_counter`.
    """

    request: Request
    route: Route | None
    id: str
    headers: list[tuple[str, str]]
    caller: Caller = NOBODY
    session: str = ""
    read_only: bool = False
    begun: float = field(default_factory=time.perf_counter)


def begin_exchange(request: Request, route: Route | None) -> Exchange:
    """Make the exchange of a request, with the client's request id or a new one; `this_exchange` returns it."""
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
    """Return the exchange of the current request.

    Raises: RuntimeError outside of one.
    """
    exchange: Exchange = g.exchange
    return exchange


def caller_name() -> str:
    """Return the name of the caller for the audit log."""
    return this_exchange().caller.key_id or audit.LOCAL


def owner() -> str:
    """Return the key id that owns the jobs, datasets and idempotency keys of this request."""
    return this_exchange().caller.key_id


Before = Callable[[Exchange], None]
After = Callable[[Exchange, Response], None]


class Hooks:
    """The hooks of an application with these routes; a hook before the view may raise to refuse the request.

    Flask checks of each hook whether it is asynchronous, which takes longer than most hooks. So Flask gets two
    functions, which run all hooks.
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self._before: list[Before] = []
        self._after: list[After] = []
        self._after_refusal: list[After] = []

    def before_request(self, hook: Before) -> None:
        """Add a hook before the view, behind the earlier ones."""
        self._before.append(hook)

    def after_request(self, hook: After) -> None:
        """Add a hook after the view, ahead of the earlier ones."""
        self._after.insert(0, hook)

    def after_refusal(self, hook: After) -> None:
        """Add a hook on the responses of status 400 and above, ahead of those on every response."""
        self._after_refusal.append(hook)

    def install(self, app: Flask) -> None:
        """Register the hooks with Flask."""
        routes, before, after = self._routes, tuple(self._before), tuple(self._after)
        after_refusal = (*self._after_refusal, *after)

        def enter() -> None:
            request = this_request()
            exchange = begin_exchange(request, routes.get(request.endpoint or ""))
            for hook in before:
                hook(exchange)

        def leave(response: Response) -> Response:
            exchange = this_exchange()
            for hook in after if response.status_code < HTTPStatus.BAD_REQUEST else after_refusal:
                hook(exchange, response)
            return response

        app.before_request(enter)
        app.after_request(leave)
