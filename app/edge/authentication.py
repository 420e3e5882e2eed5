"""Who calls: decided at the application's boundary, before any view runs.

A server bound to loopback asks for no key, but obeys the limits of one that comes. Elsewhere every route asks, except
those whose scope is None; an address that is not there asks too.
"""

import logging
import time
from collections.abc import Sequence
from typing import NoReturn

from flask import Request

from app.edge.hooks import Hooks
from app.edge.host_check import is_loopback
from app.edge.invalid_key_limit import INVALID_PER_MINUTE, InvalidKeyLimit
from app.edge.request_context import NOBODY, Exchange, this_exchange
from app.edge.ttl_cache import TtlCache
from app.errors import TooManyInvalidKeysError, UnauthenticatedError
from store.audit import LOCAL
from store.database import Connection, Database
from store.errors import DatabaseError
from store.keys import KEY, Caller, find_caller, touch_key, valid_ids
from store.settings import Settings

log = logging.getLogger(__name__)

TOUCH_SECONDS = 60.0
BEARER = 'Bearer realm="ebb"'
BROWSED = (BEARER, 'Basic realm="ebb", charset="UTF-8"')
"""The ways to send a key for a page. A browser sends a password with every request to a server, even with those that
another site causes, so no route that changes something takes one."""


class Authentication:
    """Checks the key of each request, and notes when a valid key was used."""

    def __init__(self, settings: Settings, database: Database, invalid_keys: InvalidKeyLimit) -> None:
        self._database = database
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
        exchange.caller = self._authenticate(
            exchange.request, BROWSED if route is not None and route.browsed else (BEARER,)
        )

    def _authenticate(self, request: Request, challenges: Sequence[str]) -> Caller:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if not scheme and self._anonymous is not None:
            return self._anonymous
        if scheme.lower() == "bearer":
            return self._valid(key.strip(), challenges)
        sent = request.authorization
        if challenges is BROWSED and sent is not None and sent.type == "basic" and sent.password:
            return self._valid(sent.password, challenges)
        raise UnauthenticatedError(
            "send a key as 'Authorization: Bearer ebb_…'; `ebb keys create` makes one", challenges
        )

    def _valid(self, key: str, challenges: Sequence[str]) -> Caller:
        """Return whose key this is; a valid key is accepted however many invalid ones its address sends."""
        if key in self._used:
            try:
                caller, wait_s = self._callers.get(key), None
            except DatabaseError as outage:
                return self._known_before(key, outage)
        else:
            caller, wait_s = NOBODY, self._invalid_keys.wait_s()
            if KEY.fullmatch(key) and (wait_s is None or key.split("_")[1] in (self._ids.get("") or ())):
                caller = self._callers.get(key)
        if caller is None or caller is NOBODY:
            self._used.pop(key, None)
            self._refuse(wait_s, challenges)
        self._note_use(key, caller)
        return caller

    def _known_before(self, key: str, outage: DatabaseError) -> Caller:
        """Return whose key this was when the database last said so, if the route is one to see an outage by.

        Raises: the outage, where it is not, or nothing was said.
        """
        route, caller = this_exchange().route, self._callers.last(key)
        if route is None or not route.in_outages or caller is None or caller is NOBODY:
            raise outage
        return caller

    def _refuse(self, wait_s: float | None, challenges: Sequence[str]) -> NoReturn:
        if wait_s is not None:
            raise TooManyInvalidKeysError(
                f"this address sends more than {INVALID_PER_MINUTE} keys a minute that are not valid; wait a little",
                wait_s,
            )
        self._invalid_keys.count()
        text = "this key is unknown, expired or revoked; `ebb keys list` names those there are"
        raise UnauthenticatedError(text, challenges)

    def _note_use(self, key: str, caller: Caller) -> None:
        last = self._used.get(key)
        if last is None or time.monotonic() - last > TOUCH_SECONDS:
            self._used[key] = time.monotonic()
            try:
                self._database.write(lambda connection: touch_key(connection, caller.key_id))
            except DatabaseError as error:
                log.warning("the use of key %s could not be noted: %s", caller.key_id, error)


def _owner_of(connection: Connection, key: str) -> Caller:
    return find_caller(connection, key) or NOBODY


def caller_name() -> str:
    """Return who to name as the mover of an alias or canceller of a job."""
    return this_exchange().caller.key_id or LOCAL


def owner() -> str:
    """Return whose idempotency keys this request's are compared with."""
    return this_exchange().caller.key_id
