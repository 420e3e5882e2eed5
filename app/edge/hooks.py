"""Hooks: what every request passes before its view, and every response after it, in order.

Flask asks of each function that it calls whether it is asynchronous. That costs more than most hooks do themselves, so
Flask sees two functions here, however many hooks there are.
"""

from collections.abc import Callable, Mapping

from flask import Flask, Response

from app.edge.request_context import Exchange, begin_exchange, this_exchange, this_request
from app.routing.route import Route

Before = Callable[[Exchange], None]
After = Callable[[Exchange, Response], None]


class Hooks:
    """The hooks of an application with these routes; a hook before the view raises where it refuses the request."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self._before: list[Before] = []
        self._after: list[After] = []

    def before_request(self, hook: Before) -> None:
        """Add a hook before the view, after those that are there."""
        self._before.append(hook)

    def after_request(self, hook: After) -> None:
        """Add a hook after the view, before those that are there."""
        self._after.insert(0, hook)

    def install(self, app: Flask) -> None:
        """Have Flask run the hooks."""
        routes, before, after = self._routes, tuple(self._before), tuple(self._after)

        def enter() -> None:
            request = this_request()
            exchange = begin_exchange(request, routes.get(request.endpoint or ""))
            for hook in before:
                hook(exchange)

        def leave(response: Response) -> Response:
            exchange = this_exchange()
            for hook in after:
                hook(exchange, response)
            return response

        app.before_request(enter)
        app.after_request(leave)
