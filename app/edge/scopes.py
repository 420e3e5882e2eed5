"""Scopes: checks what the key of a request allows, after authentication and the rate limit."""

from collections.abc import Mapping
from typing import Any

from app.edge.hooks import Hooks
from app.edge.request_context import kept, this_request
from app.errors import ForbiddenError
from app.routing.route import Route
from store.database import Row
from store.keys import Caller


def install(hooks: Hooks, routes: Mapping[str, Route]) -> None:
    """Check every request for a route that has a scope."""

    def check() -> None:
        route = routes.get(this_request().endpoint or "")
        if route is not None and route.scope is not None:
            demand(route.scope, *route.or_scopes)

    hooks.before_request(check)


def demand_to_promote(asked: str) -> None:
    """Refuse a `promote` that moves an alias, unless the caller has the scope for it.

    Raises: ForbiddenError.
    """
    if asked != "never":
        demand("promote", because=f', which "promote": "{asked}" takes')


def demand_to_cancel(job: Row[Any]) -> None:
    """Refuse callers who did not submit this job, unless they have the scope `admin`.

    Raises: ForbiddenError.
    """
    caller: Caller = kept().caller
    if job.owner != caller.key_id and not caller.may("admin"):
        raise ForbiddenError(
            f"key {caller.key_id} did not submit job {job.id}; send the key that did, or one with the scope 'admin'"
        )


def demand_to_retry(job: Row[Any]) -> None:
    """Refuse callers who may not cancel this job, or may not submit it now.

    Raises: ForbiddenError.
    """
    demand_to_cancel(job)
    demand_to_promote(job.params.get("promote", "never"))


def demand(*scopes: str, because: str = "") -> None:
    """Refuse callers who have none of these scopes.

    Raises: ForbiddenError.
    """
    caller: Caller = kept().caller
    if not any(map(caller.may, scopes)):
        names = " or ".join(f"'{scope}'" for scope in scopes)
        raise ForbiddenError(
            f"key {caller.key_id} lacks the scope {names}{because}; it has {', '.join(sorted(caller.scopes))}. "
            f"Send a key that has it: `ebb keys create --scope {scopes[0]}` makes one"
        )
