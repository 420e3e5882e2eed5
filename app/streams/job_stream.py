"""A job as a stream: its events after a position, then new ones as they happen, until it ends."""

import logging
import time
from collections.abc import Callable, Iterator

import msgspec

from app.schemas.field_types import time_text
from app.schemas.job_resource import JobChange, JobEvent
from app.streams.peers import Peer
from app.streams.server_sent_events import KEEPALIVE, retry_after, server_sent_event
from app.streams.stream_limit import StreamLimit
from store.database import Connection, Database
from store.errors import DatabaseError
from store.job_states import FINISHED
from store.jobs.epoch import Epoch
from store.jobs.events import Cursor, StreamEvent, read_events_after

log = logging.getLogger(__name__)

COME_BACK_SECONDS = 2.0
BATCH = 200

ReadChange = Callable[[Connection], JobChange]
Allowed = Callable[[Connection], bool]


class JobStream:
    """A client's position in the events of a job, and the last progress that it was sent.

    `read_change` returns the changing parts of the job, which are sent without an id, because they are no event. The
    stream ends once the client is no longer `allowed` to read it.
    """

    def __init__(
        self,
        database: Database,
        job_id: str,
        cursor: Cursor,
        read_change: ReadChange,
        allowed: Allowed = lambda _: True,
    ) -> None:
        self.ended = False
        self.behind = True
        self._database = database
        self._job_id = job_id
        self._cursor = cursor
        self._read_change = read_change
        self._allowed = allowed
        self._sent: JobChange | None = None

    def new_events(self) -> list[str]:
        """Return the events after the position as text, read in one short transaction.

        Raises: DatabaseError.
        """
        with self._database.read() as connection:
            if not self._allowed(connection):
                self.ended = True
                return []
            change = self._read_change(connection)
            events = read_events_after(connection, self._job_id, self._cursor, limit=BATCH)
        texts = [_text(event) for event in events]
        if events:
            self._cursor = events[-1].cursor
            self.ended = events[-1].event in FINISHED
        self.behind = len(events) == BATCH
        if change != self._sent and not change.state.finished:
            texts.append(server_sent_event("progress", msgspec.json.encode(change).decode()))
        self._sent = change
        return texts


def follow(stream: JobStream, limit: StreamLimit, peer: Peer) -> Iterator[str]:
    """Yield a job's events as text until the job ends, the client disconnects, or the stream's time is up."""
    intervals = limit.intervals
    begun = sent_at = time.monotonic()
    yield retry_after(COME_BACK_SECONDS)
    while not stream.ended and limit.may_continue and time.monotonic() - begun < intervals.max_seconds:
        try:
            texts = stream.new_events()
        except DatabaseError as error:
            log.warning("a stream ends, and its client may resume it: %s", error)
            return
        if not texts and time.monotonic() - sent_at >= intervals.keepalive_seconds:
            texts = [KEEPALIVE]
        for text in texts:
            if not peer.accepts_data(intervals.write_seconds):
                return
            yield text
            sent_at = time.monotonic()
        if not stream.ended and not peer.stays_connected(0 if stream.behind else intervals.poll_seconds):
            return


def _text(event: StreamEvent) -> str:
    body: Epoch | JobEvent
    if isinstance(event.data, Epoch):
        body = event.data
    else:
        body = JobEvent(event.event, event.attempt or 0, str(time_text(event.at)), dict(event.data))
    return server_sent_event(event.event, msgspec.json.encode(body).decode(), str(event.cursor))
