"""Aliases: a request that moves one names the revision that it moves from (RFC 9110, 13.1)."""

from http import HTTPStatus as Status

import msgspec
from flask import Response, request

from app.edge.exchange import caller_name
from app.edge.responses import conditional, json_answer
from app.errors import PreconditionMissingError
from app.routing.paths import ALIAS
from app.routing.route import Header, Route
from app.schemas.field_types import PageQuery, Time, VersionNumber, time_text
from app.services import Services
from store.database import Connection
from store.errors import StaleRevisionError
from store.ids import new_id
from store.registry.aliases import AliasUpdate, alias_history, find_alias, get_alias, move_alias, moved_by_request
from store.rows import AliasRow


class Alias(msgspec.Struct, frozen=True):
    """A movable pointer to a version; its revision is its entity tag."""

    model: str
    alias: str
    version: int
    revision: int
    moved_at: Time


class AliasMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The version that an alias is moved to."""

    version: VersionNumber


class Move(msgspec.Struct, frozen=True):
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

    moves: list[Move]
    next_page_token: str | None


def show_alias(services: Services, name: str, alias: str) -> Response:
    """Return an alias; its revision is the entity tag."""
    with services.database.read() as connection:
        row = get_alias(connection, name, alias)
    return conditional(json_answer(to_alias(row)), str(row.revision))


def put_alias(services: Services, name: str, alias: str, body: AliasMove) -> Response:
    """Move an alias that is at the revision which the request names; 201 if this creates the alias."""
    if not request.if_match and not request.if_none_match:
        raise PreconditionMissingError(
            f"send If-Match with the entity tag of GET {request.path}, or 'If-None-Match: *' to make a new alias"
        )
    by, move_id = caller_name(), new_id()

    def move(connection: Connection) -> AliasRow:
        if not moved_by_request(connection, name, alias, move_id):
            revision = expected_revision(find_alias(connection, name, alias), alias)
            move_alias(connection, name, alias, AliasUpdate(body.version, revision, by, request=move_id))
        return get_alias(connection, name, alias)

    row = services.database.write(move)
    services.versions.forget(name, alias)
    answer = json_answer(to_alias(row), Status.CREATED if row.revision == 1 else Status.OK)
    answer.set_etag(str(row.revision))
    return answer


def expected_revision(current: AliasRow | None, alias: str) -> int:
    """Return the current revision if it meets the conditions of the request.

    Revision 0, before the first move, is matched by `If-None-Match: *` and by `If-Match: "0"`.

    Raises: StaleRevisionError if it does not.
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
    """List the moves of an alias, the latest first."""
    with services.database.read() as connection:
        page = alias_history(connection, name, alias, page_size=query.page_size, page_token=query.page_token)
    moves = [
        Move(
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


def to_alias(row: AliasRow) -> Alias:
    """Return a row as the schema of an alias."""
    return Alias(row.model, row.alias, row.version, row.revision, str(time_text(row.moved_at)))


ETAG = Header("ETag", "the alias's revision", required=True)

ROUTES = (
    Route("GET", ALIAS, show_alias, "read", "Read an alias", {200: Alias}, (404,), answer_headers=(ETAG,)),
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
            Header("If-Match", "the entity tag of the alias's current revision; 412 if the alias is at another"),
            Header("If-None-Match", "'*' to create an alias; 428 if both this and If-Match are missing"),
        ),
        answer_headers=(ETAG,),
    ),
    Route(
        "GET", f"{ALIAS}/history", show_history, "read", "List an alias's moves", {200: MovePage}, (404, 422), PageQuery
    ),
)
