"""Aliases: movable pointers, moved only by who says from where (RFC 9110, 13.1)."""

from http import HTTPStatus as Status
from typing import Any

import msgspec
from flask import Response, request

from app.edge.authentication import caller_name
from app.edge.responses import conditional, json_answer, time_text
from app.errors import PreconditionMissingError
from app.routing.route import Header, Route
from app.schemas.field_types import PageQuery, Time, VersionNumber
from app.server.services import Services
from store.database import Connection, Row
from store.errors import StaleRevisionError
from store.ids import new_id
from store.registry.aliases import AliasUpdate, alias_history, find_alias, get_alias, move_alias, moved_by_request


class Alias(msgspec.Struct, frozen=True):
    """A movable pointer to a version; its revision is its entity tag."""

    model: str
    alias: str
    version: int
    revision: int
    moved_at: Time


class AliasMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an alias is to point."""

    version: VersionNumber


class PastMove(msgspec.Struct, frozen=True):
    """One move of an alias; `undoes` is the revision that a rollback undid, `job` the training that moved it."""

    revision: int
    from_version: int | None
    to_version: int
    moved_by: str
    moved_at: Time
    undoes: int | None
    job: str | None


class MovePage(msgspec.Struct, frozen=True):
    """Some moves of an alias, the latest first."""

    moves: list[PastMove]
    next_page_token: str | None


def show_alias(services: Services, name: str, alias: str, **_: object) -> Response:
    """Tell where an alias points; its revision is the entity tag."""
    with services.database.read() as connection:
        row = get_alias(connection, name, alias)
    return conditional(json_answer(shown(row)), str(row.revision))


def put_alias(services: Services, name: str, alias: str, body: AliasMove, **_: object) -> Response:
    """Point an alias at a version, from where the caller believes it to be; 201 when that made it."""
    if not request.if_match and not request.if_none_match:
        raise PreconditionMissingError(
            f"send If-Match with the entity tag of GET {request.path}, or 'If-None-Match: *' to make a new alias"
        )
    by, this = caller_name(), new_id()

    def move(connection: Connection) -> Row[Any]:
        if not moved_by_request(connection, name, alias, this):
            revision = believed(find_alias(connection, name, alias), alias)
            move_alias(connection, name, alias, AliasUpdate(body.version, revision, by, request=this))
        return get_alias(connection, name, alias)

    row = services.database.write(move)
    services.targets.forget(name, alias)
    answer = json_answer(shown(row), Status.CREATED if row.revision == 1 else Status.OK)
    answer.set_etag(str(row.revision))
    return answer


def believed(current: Row[Any] | None, alias: str) -> int:
    """Return the revision to move from: the current one where the request's conditions hold for it.

    Revision 0, before the first move, is matched by `If-None-Match: *` and by `If-Match: "0"`.

    Raises: StaleRevisionError where they do not.
    """
    revision = current.revision if current is not None else 0
    exists = current is not None
    match, none_match = request.if_match, request.if_none_match
    fits = not match or (exists if match.star_tag else match.is_strong(str(revision)))
    if none_match and (exists if none_match.star_tag else none_match.contains_weak(str(revision))):
        fits = False
    if not fits:
        at = f"revision {revision}, version {current.version}" if current is not None else "not there"
        raise StaleRevisionError(f"alias '{alias}' is {at}: the condition of the request does not hold")
    return revision


def show_history(services: Services, name: str, alias: str, query: PageQuery) -> Response:
    """Tell who moved an alias when, from what to what; the latest move first."""
    with services.database.read() as connection:
        page = alias_history(connection, name, alias, page_size=query.page_size, page_token=query.page_token)
    moves = [
        PastMove(
            revision=row.revision,
            from_version=row.from_version,
            to_version=row.to_version,
            moved_by=row.moved_by,
            moved_at=str(time_text(row.moved_at)),
            undoes=row.undoes,
            job=row.job_id,
        )
        for row in page.rows
    ]
    return conditional(json_answer(MovePage(moves, page.next_token)))


def shown(row: Row[Any]) -> Alias:
    """Return an alias as the contract tells it."""
    return Alias(row.model, row.alias, row.version, row.revision, str(time_text(row.moved_at)))


ALIAS = "/v1/models/{name}/aliases/{alias}"
ETAG = Header("ETag", "the alias's revision", required=True)

ROUTES = (
    Route("GET", ALIAS, show_alias, "read", "Look where an alias points", {200: Alias}, (404,), answer_headers=(ETAG,)),
    Route(
        "PUT",
        ALIAS,
        put_alias,
        "promote",
        "Move an alias",
        {200: Alias, 201: Alias},
        (404, 412, 413, 415, 422, 428),
        body=AliasMove,
        headers=(
            Header("If-Match", "the revision the alias is moved from, as its entity tag; 412 where it is at another"),
            Header("If-None-Match", "'*' to make a new alias; 428 without this and without If-Match"),
        ),
        answer_headers=(ETAG,),
    ),
    Route(
        "GET", f"{ALIAS}/history", show_history, "read", "List an alias's moves", {200: MovePage}, (404, 422), PageQuery
    ),
)
