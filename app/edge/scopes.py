"""Scopes: checks what the key of a request allows, after authentication and the rate limit."""

from typing import Any

from app.edge.hooks import Hooks
from app.edge.request_context import Exchange, this_exchange
from app.errors import ForbiddenError
from store.database import Row


def install(hooks: Hooks) -> None:
    """Check every request for a route that has a scope."""
    hooks.before_request(_check)


def _check(exchange: Exchange) -> None:
    route = exchange.route
    if route is not None and route.scope is not None and not exchange.caller.may(route.scope):
        demand(route.scope, *route.or_scopes)


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
    caller = this_exchange().caller
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
    caller = this_exchange().caller
    if not any(map(caller.may, scopes)):
        names = " or ".join(f"'{scope}'" for scope in scopes)
        raise ForbiddenError(
            f"key {caller.key_id} lacks the scope {names}{because}; it has {', '.join(sorted(caller.scopes))}. "
            f"Send a key that has it: `ebb keys create --scope {scopes[0]}` makes one"
        )
