"""Browser sessions: the cookie of a session, and the checks of requests that a browser sends with it.

The cookie is only sent by pages of the same site. Requests that change something also need to come from a page of this
server: the browser says so in Sec-Fetch-Site, or in Origin.

Source: OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Fetch Metadata headers".
"""

from urllib.parse import urlsplit

from flask import Request, Response

from app.access.invalid_key_limit import InvalidKeyLimit, invalid_keys_error
from app.edge.exchange import Exchange
from app.edge.ttl_cache import TtlCache
from app.errors import ForbiddenError
from model.names import clipped
from store.database import Connection, Database
from store.sessions import (
    NO_SESSION,
    SESSION_SECONDS,
    BrowserSession,
    close_session,
    digest_of,
    digests,
    find_session,
    new_token,
    open_session,
    touch_session,
)

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class BrowserSessions:
    """Finds, opens and closes the sessions of browsers; `read_only` lets none of them change anything.

    An unknown token counts as an invalid key. The limit of invalid keys never refuses the token of a session.
    """

    def __init__(self, database: Database, invalid_keys: InvalidKeyLimit, *, read_only: bool) -> None:
        self._database = database
        self._invalid_keys = invalid_keys
        self._read_only = read_only
        self._found: TtlCache[str, BrowserSession] = TtlCache(database, find_session)
        self._digests: TtlCache[str, frozenset[str]] = TtlCache(database, lambda connection, _: digests(connection))

    def enter(self, exchange: Exchange) -> bool:
        """Set the caller of a request with a valid session; return whether it has one.

        Raises: ForbiddenError for a change from another site, or in a read-only session; TooManyInvalidKeysError.
        """
        token = _token(exchange.request)
        if not token or (session := self._find(token)) is NO_SESSION:
            return False
        if session.touch_due:
            self._database.write(lambda connection: touch_session(connection, token, session.caller.key_id))
            self._found.forget(token)
        exchange.caller, exchange.session = session.caller, digest_of(token)
        exchange.read_only = session.read_only or self._read_only
        require_same_origin(exchange.request)
        require_writable(exchange)
        return True

    def _find(self, token: str) -> BrowserSession:
        if self._found.last(token) in (None, NO_SESSION):
            wait_s = self._invalid_keys.wait_s()
            if wait_s is not None and digest_of(token) not in self._digests.get(""):
                raise invalid_keys_error(wait_s)
        session = self._found.get(token)
        if session is NO_SESSION:
            self._invalid_keys.count()
        return session

    def enter_without_key(self, exchange: Exchange) -> None:
        """Check a request to a server that requires no key: a read-only server takes no change from a page."""
        exchange.read_only = self._read_only
        if from_page(exchange.request):
            require_writable(exchange)

    def open(self, response: Response, request: Request, key_id: str, *, read_only: bool) -> None:
        """Open a session for a key, in place of the one that the browser had, and set its cookie."""
        token, before = new_token(), _token(request)

        def change(connection: Connection) -> None:
            close_session(connection, before)
            open_session(connection, token, key_id, read_only=read_only)

        self._database.write(change)
        self._found.forget(before)
        self._digests.forget("")
        response.set_cookie(
            cookie_name(request),
            token,
            max_age=int(SESSION_SECONDS),
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
            path="/",
        )

    def close(self, response: Response, request: Request) -> None:
        """End the session of a request, if it has one, and remove its cookie."""
        token = _token(request)
        self._database.write(lambda connection: close_session(connection, token))
        self._found.forget(token)
        response.delete_cookie(
            cookie_name(request), path="/", secure=request.is_secure, httponly=True, samesite="Strict"
        )


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie; with `__Host-`, no other host of a domain can set it."""
    return "__Host-ebb" if request.is_secure else "ebb"


def _token(request: Request) -> str:
    return request.cookies.get(cookie_name(request), "")


def from_page(request: Request) -> bool:
    """Return whether a browser sent the request for a page; other clients send neither header."""
    return "Sec-Fetch-Site" in request.headers or "Origin" in request.headers


def require_writable(exchange: Exchange) -> None:
    """Refuse changes if the pages may only read.

    Raises: ForbiddenError.
    """
    if exchange.read_only and exchange.request.method not in SAFE_METHODS:
        raise ForbiddenError("the pages are read-only here; log in without 'read only', or send a key to the API")


def require_same_origin(request: Request) -> None:
    """Refuse changes that no page of this server asks for.

    Raises: ForbiddenError.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "")
    own = urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower() != ""
    if site != "same-origin" if site is not None else not own:
        told = f"Sec-Fetch-Site is {clipped(site)!r}" if site is not None else f"Origin is {clipped(origin)!r}"
        raise ForbiddenError(
            f"{told}: a session takes changes only from the pages of this server; other clients send a key"
        )
