"""What a key is for: checked once it is known whose request this is, and that it may be sent now."""

from collections.abc import Mapping

from flask import Flask

from app.edge.current import kept, this_request
from app.errors import ForbiddenError
from app.route import Route
from store.keys import Caller


def install(app: Flask, routes: Mapping[str, Route]) -> None:
    """Check every request for a route that has a scope."""

    def check() -> None:
        route = routes.get(this_request().endpoint or "")
        if route is not None and route.scope is not None:
            demand(route.scope, *route.or_scopes)

    app.before_request(check)


def demand(*scopes: str) -> None:
    """Let the caller go on who has one of these scopes.

    Raises: ForbiddenError.
    """
    caller: Caller = kept().caller
    if not any(map(caller.may, scopes)):
        names = " or ".join(f"'{scope}'" for scope in scopes)
        raise ForbiddenError(f"key {caller.key_id} lacks the scope {names}; it has {', '.join(sorted(caller.scopes))}")
