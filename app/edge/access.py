"""Who calls, and whether they may: decided at the application's boundary, before any view runs.

A server bound to loopback asks for no key, but obeys the limits of one that comes. Elsewhere every route asks, except
those whose scope is None; an address that is not there asks too.
"""

import logging
import time
from collections.abc import Mapping

from flask import Flask, g

from app.edge.current import kept, this_request
from app.edge.hosts import is_loopback
from app.errors import ForbiddenError, UnauthenticatedError
from app.recent import Recent
from app.route import Route
from store.audit import LOCAL
from store.database import Database
from store.errors import DatabaseError
from store.keys import Caller, find_caller, touch_key
from store.settings import Settings

log = logging.getLogger(__name__)

TOUCH_SECONDS = 60.0


class Access:
    """The check, and when each key was last noted as used by this process."""

    def __init__(self, settings: Settings, database: Database, routes: Mapping[str, Route]) -> None:
        self._database = database
        self._routes = routes
        self._anonymous = Caller("", frozenset({"admin"})) if is_loopback(settings.host) else None
        self._callers: Recent[str, Caller] = Recent(database, find_caller)
        self._touched: dict[str, float] = {}

    def install(self, app: Flask) -> None:
        """Check every request."""
        app.before_request(self._check)

    def _check(self) -> None:
        route = self._routes.get(this_request().endpoint or "")
        if route is not None and route.scope is None:
            return
        kept().caller = caller = self._authenticate()
        if route is not None and route.scope and not caller.may(route.scope):
            raise ForbiddenError(f"key {caller.key_id} lacks the scope '{route.scope}'; it has {_list(caller)}")

    def _authenticate(self) -> Caller:
        scheme, _, key = this_request().headers.get("Authorization", "").partition(" ")
        if not scheme and self._anonymous is not None:
            return self._anonymous
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("send a key as 'Authorization: Bearer ebb_…'; `ebb keys create` makes one")
        caller = self._callers.get(key.strip())
        if caller is None:
            raise UnauthenticatedError("this key is unknown, expired or revoked; `ebb keys list` names those there are")
        self._touch(caller.key_id)
        return caller

    def _touch(self, key_id: str) -> None:
        last = self._touched.get(key_id)
        if last is None or time.monotonic() - last > TOUCH_SECONDS:
            self._touched[key_id] = time.monotonic()
            try:
                self._database.write(lambda connection: touch_key(connection, key_id))
            except DatabaseError as error:
                log.warning("the use of key %s could not be noted: %s", key_id, error)


def caller_name() -> str:
    """Return who to name as the mover of an alias or canceller of a job."""
    return g.caller.key_id or LOCAL


def owner() -> str:
    """Return whose idempotency keys this request's are compared with."""
    return str(g.caller.key_id)


def _list(caller: Caller) -> str:
    return ", ".join(sorted(caller.scopes))
