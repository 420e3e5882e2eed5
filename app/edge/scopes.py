"""What a key is for: checked once it is known whose request this is, and that it may be sent now."""

from collections.abc import Mapping

from app.edge.current import kept, this_request
from app.edge.steps import Steps
from app.errors import ForbiddenError
from app.route import Route
from store.database import Database
from store.jobs.read import get_job
from store.keys import Caller

SUBMITTING = {"training": "train", "replay": "train", "scoring": "score"}
"""Which scope may submit a job of a kind; it may cancel one and try it again as well."""


def install(steps: Steps, routes: Mapping[str, Route]) -> None:
    """Check every request for a route that has a scope."""

    def check() -> None:
        route = routes.get(this_request().endpoint or "")
        if route is not None and route.scope is not None:
            demand(route.scope, *route.or_scopes)

    steps.before_request(check)


def demand_for_job(database: Database, job_id: str) -> None:
    """Let the caller go on who may submit such a job.

    Raises: ForbiddenError; NotFoundError.
    """
    with database.read() as connection:
        kind = get_job(connection, job_id).kind
    demand(SUBMITTING[kind])


def demand(*scopes: str) -> None:
    """Let the caller go on who has one of these scopes.

    Raises: ForbiddenError.
    """
    caller: Caller = kept().caller
    if not any(map(caller.may, scopes)):
        names = " or ".join(f"'{scope}'" for scope in scopes)
        raise ForbiddenError(f"key {caller.key_id} lacks the scope {names}; it has {', '.join(sorted(caller.scopes))}")
