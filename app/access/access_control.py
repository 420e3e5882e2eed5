"""Access control, before any view runs: finds the caller by the API key of a request, and checks the key's scopes.

A server bound to loopback requires no key, but applies the limits of a key that is sent. Other servers require one, or
the session of a browser, on every route whose scope is not None, and on paths that have no route.
"""

import logging
import time
from collections.abc import Sequence
from typing import NoReturn

from flask import Request

from app.access.browser_access import BrowserSessions
from app.access.host_check import is_loopback
from app.access.invalid_key_limit import InvalidKeyLimit, invalid_keys_error
from app.edge.exchange import NOBODY, Exchange, Hooks, this_exchange
from app.edge.ttl_cache import TtlCache
from app.errors import ForbiddenError, UnauthenticatedError
from store.database import Connection, Database
from store.errors import DatabaseError
from store.keys import KEY, Caller, find_caller, touch_key, valid_ids
from store.rows import DatasetRow, JobRow
from store.settings import Settings

log = logging.getLogger(__name__)

TOUCH_SECONDS = 60.0
BEARER = 'Bearer realm="ebb"'
BROWSED = (BEARER, 'Basic realm="ebb", charset="UTF-8"')
"""The ways to send a key for a page. A browser sends a password with every request to a server, also with requests
that another site causes; so no route that changes something accepts a password."""


class Authentication:
    """Checks the key of each request, and records when a valid key was used."""

    def __init__(
        self, settings: Settings, database: Database, invalid_keys: InvalidKeyLimit, sessions: BrowserSessions
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._invalid_keys = invalid_keys
        self._anonymous = Caller("", frozenset({"admin"})) if is_loopback(settings.host) else None
        self._callers: TtlCache[str, Caller] = TtlCache(database, _owner_of)
        self._ids: TtlCache[str, frozenset[str]] = TtlCache(database, lambda connection, _: valid_ids(connection))
        self._used: dict[str, float] = {}

    def install(self, hooks: Hooks) -> None:
        """Check every request."""
        hooks.before_request(self._check)

    def _check(self, exchange: Exchange) -> None:
        route = exchange.route
        if route is not None and route.scope is None:
            return
        scheme = exchange.request.headers.get("Authorization", "").partition(" ")[0].lower()
        if not scheme and self._anonymous is not None:
            exchange.caller = self._anonymous
            self._sessions.enter_without_key(exchange)
            return
        # A browser that was asked for a password for /docs sends it with every request.
        if scheme in ("", "basic") and self._sessions.enter(exchange):
            return
        exchange.caller = self._authenticate(
            exchange.request, BROWSED if route is not None and route.browsed else (BEARER,)
        )

    @property
    def keyless(self) -> bool:
        """Whether the server requires no key."""
        return self._anonymous is not None

    def _authenticate(self, request: Request, challenges: Sequence[str]) -> Caller:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.caller_of(key.strip(), challenges)
        sent = request.authorization
        if challenges is BROWSED and sent is not None and sent.type == "basic" and sent.password:
            return self.caller_of(sent.password, challenges)
        raise UnauthenticatedError(
            "send a key as 'Authorization: Bearer ebb_…'; `ebb keys create` makes one", challenges
        )

    def caller_of(self, key: str, challenges: Sequence[str] = ()) -> Caller:
        """Return the owner of a key. The limit of invalid keys never refuses a valid key.

        Raises: UnauthenticatedError, with the challenges; TooManyInvalidKeysError.
        """
        if key in self._used:
            try:
                caller, wait_s = self._callers.get(key), None
            except DatabaseError as outage:
                return self._cached_caller(key, outage)
        else:
            caller, wait_s = NOBODY, self._invalid_keys.wait_s()
            if KEY.fullmatch(key) and (wait_s is None or key.split("_")[1] in self._ids.get("")):
                caller = self._callers.get(key)
        if caller is NOBODY:
            self._used.pop(key, None)
            self._refuse(wait_s, challenges)
        self._record_use(key, caller)
        return caller

    def _cached_caller(self, key: str, outage: DatabaseError) -> Caller:
        """Return the cached owner of a key during an outage of the database, on routes that answer in outages.

        Raises: the outage, on other routes or if nothing is cached.
        """
        route, caller = this_exchange().route, self._callers.last(key)
        if route is None or not route.in_outages or caller is None or caller is NOBODY:
            raise outage
        return caller

    def _refuse(self, wait_s: float | None, challenges: Sequence[str]) -> NoReturn:
        if wait_s is not None:
            raise invalid_keys_error(wait_s)
        self._invalid_keys.count()
        text = "this key is unknown, expired or revoked; `ebb keys list` lists the keys"
        raise UnauthenticatedError(text, challenges)

    def _record_use(self, key: str, caller: Caller) -> None:
        last = self._used.get(key)
        if last is None or time.monotonic() - last > TOUCH_SECONDS:
            self._used[key] = time.monotonic()
            try:
                self._database.write(lambda connection: touch_key(connection, caller.key_id))
            except DatabaseError as error:
                log.warning("the use of key %s could not be recorded: %s", caller.key_id, error)


def _owner_of(connection: Connection, key: str) -> Caller:
    return find_caller(connection, key) or NOBODY


def check_scopes(hooks: Hooks) -> None:
    """Check every request to a route that has a scope."""
    hooks.before_request(_check_scope)


def _check_scope(exchange: Exchange) -> None:
    route = exchange.route
    if route is not None and route.scope is not None and not exchange.caller.may(route.scope):
        require_scope(route.scope, *route.or_scopes)


def require_promotion(asked: str) -> None:
    """Refuse a `promote` that moves an alias, unless the caller has the scope `promote`.

    Raises: ForbiddenError.
    """
    if asked != "never":
        require_scope("promote", because=f', which "promote": "{asked}" takes')


def require_submitter(job: JobRow) -> None:
    """Refuse callers who did not submit this job, unless they have the scope `admin`.

    Raises: ForbiddenError.
    """
    _require_owner(job.owner, f"submit job {job.id}")


def require_uploader(dataset: DatasetRow) -> None:
    """Refuse callers who did not upload this dataset, unless they have the scope `admin`.

    Raises: ForbiddenError.
    """
    _require_owner(dataset.owner, f"upload dataset {dataset.id}")


def _require_owner(owner: str, deed: str) -> None:
    caller = this_exchange().caller
    if owner != caller.key_id and not caller.may("admin"):
        raise ForbiddenError(
            f"key {caller.key_id} did not {deed}; send the key that did, or one with the scope 'admin'"
        )


def require_retry(job: JobRow) -> None:
    """Refuse callers who may not cancel this job, or may not submit it again.

    Raises: ForbiddenError.
    """
    require_submitter(job)
    require_promotion(job.params.get("promote", "never"))


def require_scope(*scopes: str, because: str = "") -> None:
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
