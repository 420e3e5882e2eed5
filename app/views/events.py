"""Event streams: a job's events and epochs as server-sent events; a client can resume after the last one it has."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import Response, request

from app.edge.exchange import this_exchange
from app.edge.responses import no_content
from app.errors import InputError
from app.routing.route import Header, Route
from app.schemas.field_types import published
from app.schemas.job_resource import JobChange, load_change
from app.services import Services
from app.streams.job_stream import JobStream, follow
from app.streams.peers import Peer
from app.streams.server_sent_events import MEDIA_TYPE
from model.errors import Problem
from store.database import Connection
from store.jobs.events import CURSOR, Cursor, read_events_after
from store.jobs.read import get_job
from store.keys import may_still
from store.sessions import is_open

EventId = Annotated[str, published(f"(?:{CURSOR})?", "the id of an event of this stream, or nothing", max_length=40)]


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to resume, for clients that cannot send the header."""

    last_event_id: EventId | None = None


LAST = "Last-Event-ID"
# A proxy must neither cache nor buffer a stream.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def stream_events(services: Services, job_id: str, query: EventsQuery) -> Response:
    """Stream the events of a job, past and future, until it ends; 204 if the client has all events of an ended job.

    `event` is queued, running, restarted, standing, cancel_requested, succeeded, failed or cancelled, with its attempt,
    time and data; `epoch`, with the figures of that epoch; or, without an id, `progress`, with the parts of the job
    that change.
    """
    cursor = _cursor(query)

    def read_change(connection: Connection) -> JobChange:
        return load_change(connection, get_job(connection, job_id))

    with services.database.read() as connection:
        ended = read_change(connection).state.finished
        unsent = read_events_after(connection, job_id, cursor, limit=1)
    if ended and not unsent:
        return no_content(HEADERS)
    if request.method == "HEAD":
        return Response(mimetype=MEDIA_TYPE, headers=HEADERS)
    services.streams.enter()
    services.traffic.streams.inc()
    peer = Peer(request.environ.get("gunicorn.socket"))
    stream = JobStream(services.database, job_id, cursor, read_change, _still_allowed())
    answer = Response(follow(stream, services.streams, peer), mimetype=MEDIA_TYPE, headers=HEADERS)
    answer.call_on_close(services.streams.leave)
    answer.call_on_close(services.traffic.streams.dec)
    return answer


def _still_allowed() -> Callable[[Connection], bool]:
    """Return a function that tells whether the key of this request has the scope `read`, and its session is open."""
    key_id, session = this_exchange().caller.key_id, this_exchange().session
    return lambda connection: may_still(connection, key_id, "read") and (not session or is_open(connection, session))


def _cursor(query: EventsQuery) -> Cursor:
    """Return the position to resume after: that of the header, or else that of the query.

    Raises: InputError.
    """
    texts = {f"/headers/{LAST}": request.headers.get(LAST), "/query/last_event_id": query.last_event_id}
    cursors = {place: Cursor.parse(text) for place, text in texts.items() if text}
    invalid = [place for place, cursor in cursors.items() if cursor is None]
    if invalid:
        text = "is not the id of an event that this service sent"
        raise InputError.of(Problem(place, "format", text) for place in invalid)
    return next(filter(None, cursors.values()), Cursor())


ROUTES = (
    Route(
        "GET",
        "/v1/jobs/{job_id}/events",
        stream_events,
        "read",
        "Follow a job as server-sent events",
        {200: MEDIA_TYPE, 204: None},
        (404, 422),
        EventsQuery,
        headers=(Header(LAST, "the id of the last event received; the stream resumes after it", EventId),),
    ),
)
