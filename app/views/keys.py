"""API keys, for callers with the scope `admin`: make one, list them, revoke one."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus as Status
from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta

from app.edge.exchange import caller_name
from app.edge.responses import conditional, json_answer, no_content
from app.routing.route import Route
from app.schemas.field_types import PlainText, Time, time_text
from app.services import Services
from store.keys import SCOPES, Scope, create_key, list_keys, new_key, revoke_key
from store.rows import KeyRow


class KeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to make: `days` until it expires, and its own limits in place of those of the settings."""

    name: Annotated[PlainText, Meta(min_length=1)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(SCOPES))]
    days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    requests_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    stored_bytes: Annotated[int, Meta(ge=0, le=2**60)] | None = None


class MadeKey(msgspec.Struct, frozen=True):
    """A key, which is shown this once."""

    id: str
    key: str


class ApiKey(msgspec.Struct, frozen=True):
    """A key without its secret."""

    id: str
    name: str
    scopes: list[str]
    requests_per_minute: int | None
    stored_bytes: int | None
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None
    revoked_at: Time | None


class KeyList(msgspec.Struct, frozen=True):
    """All keys, the oldest first."""

    keys: list[ApiKey]


def make_key(services: Services, body: KeyRequest) -> Response:
    """Make a key and return it; only its hash is stored, so it is never shown again."""
    made, by = new_key(), caller_name()
    expires_at = datetime.now(UTC) + timedelta(days=body.days) if body.days else None
    limits = {"requests_per_minute": body.requests_per_minute, "stored_bytes": body.stored_bytes}
    services.database.write(
        lambda connection: create_key(connection, body.name, body.scopes, expires_at, made, **limits, by=by)
    )
    answer = json_answer(MadeKey(made.split("_")[1], made), Status.CREATED)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def show_keys(services: Services) -> Response:
    """List all keys without their secrets, the oldest first."""
    with services.database.read() as connection:
        rows = list_keys(connection)
    return conditional(json_answer(KeyList([_to_key(row) for row in rows])))


def end_key(services: Services, key: str) -> Response:
    """Revoke a key, with its sessions in browsers; a key that is revoked already stays so."""
    by = caller_name()
    services.database.write(lambda connection: revoke_key(connection, key, by=by))
    return no_content()


def _to_key(row: KeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=row.scopes,
        requests_per_minute=row.requests_per_minute,
        stored_bytes=row.stored_bytes,
        created_at=str(time_text(row.created_at)),
        expires_at=time_text(row.expires_at),
        last_used_at=time_text(row.last_used_at),
        revoked_at=time_text(row.revoked_at),
    )


ROUTES = (
    Route("GET", "/v1/keys", show_keys, "admin", "List API keys", {200: KeyList}),
    Route("POST", "/v1/keys", make_key, "admin", "Make an API key", {201: MadeKey}, (413, 415, 422), body=KeyRequest),
    Route("POST", "/v1/keys/{key}/revoke", end_key, "admin", "Revoke an API key", {204: None}, (404,)),
)
