"""A job as a stream: its events after a position, then new ones as they happen, until it ends."""

import logging
import time
from collections.abc import Callable, Iterator

import msgspec

from app.edge.responses import time_text
from app.schemas.job_resource import JobChange, JobEvent
from app.streams.peers import Peer
from app.streams.server_sent_events import SIGN_OF_LIFE, retry_after, server_sent_event
from app.streams.stream_limit import StreamLimit
from store.database import Connection, Database
from store.errors import DatabaseError
from store.jobs.epoch import Epoch
from store.jobs.events import Cursor, StreamEvent, read_events_after
from store.jobs.states import FINISHED

log = logging.getLogger(__name__)

COME_BACK_SECONDS = 2.0
BATCH = 200

Look = Callable[[Connection], JobChange]
Allowed = Callable[[Connection], bool]


class Following:
    """A client's position in the events of a job, and the last progress that it was sent.

    `look` returns the changing parts of the job; they are sent without an id, because they are no event. The stream
    ends once the client is no longer `allowed` to read it.
    """

    def __init__(
        self, database: Database, job_id: str, cursor: Cursor, look: Look, allowed: Allowed = lambda _: True
    ) -> None:
        self.ended = False
        self.behind = True
        self._database = database
        self._job_id = job_id
        self._cursor = cursor
        self._look = look
        self._allowed = allowed
        self._seen: JobChange | None = None

    def news(self) -> list[str]:
        """Return the events after the position as text, read in one short transaction.

        Raises: DatabaseError.
        """
        with self._database.read() as connection:
            if not self._allowed(connection):
                self.ended = True
                return []
            change = self._look(connection)
            happened = read_events_after(connection, self._job_id, self._cursor, limit=BATCH)
        texts = [_event(one) for one in happened]
        if happened:
            self._cursor = happened[-1].cursor
            self.ended = happened[-1].event in FINISHED
        self.behind = len(happened) == BATCH
        if change != self._seen and not change.state.finished:
            texts.append(server_sent_event("progress", msgspec.json.encode(change).decode()))
        self._seen = change
        return texts


def follow(following: Following, streams: StreamLimit, peer: Peer) -> Iterator[str]:
    """Yield a job's events as text until the job ends, the client disconnects, or the stream's time is up."""
    rhythm = streams.rhythm
    begun = told_at = time.monotonic()
    yield retry_after(COME_BACK_SECONDS)
    while not following.ended and streams.going and time.monotonic() - begun < rhythm.longest:
        try:
            texts = following.news()
        except DatabaseError as error:
            log.warning("a stream ends, and its client may resume it: %s", error)
            return
        if not texts and time.monotonic() - told_at >= rhythm.sign_of_life:
            texts = [SIGN_OF_LIFE]
        for text in texts:
            if not peer.reads(rhythm.patience):
                return
            yield text
            told_at = time.monotonic()
        if not following.ended and not peer.stays(0 if following.behind else rhythm.poll):
            return


def _event(one: StreamEvent) -> str:
    body: Epoch | JobEvent
    if isinstance(one.data, Epoch):
        body = one.data
    else:
        body = JobEvent(one.event, one.attempt or 0, str(time_text(one.at)), dict(one.data))
    return server_sent_event(one.event, msgspec.json.encode(body).decode(), str(one.cursor))
