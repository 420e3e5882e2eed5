"""A job as a stream: what happened to it since a place, then whatever happens next, until it ends."""

import logging
import time
from collections.abc import Callable, Iterator

import msgspec

from app.edge.responses import time_text
from app.schemas.job_resource import Epoch, JobChange, JobEvent
from app.streams.peers import Peer
from app.streams.server_sent_events import SIGN_OF_LIFE, retry_after, server_sent_event
from app.streams.stream_limit import StreamLimit
from store.database import Connection, Database
from store.errors import DatabaseError
from store.jobs.events import EPOCH, Cursor, StreamEvent, read_events_after
from store.jobs.states import FINISHED

log = logging.getLogger(__name__)

COME_BACK_SECONDS = 2.0
BATCH = 200

Look = Callable[[Connection], JobChange]
Allowed = Callable[[Connection], bool]


class Following:
    """How much of a job a client has been told: what happened up to a place, and how it stood then.

    `look` tells how it stands, which is sent when it changed, without an id: it is no part of what happened. The stream
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
        """Look once, in one short transaction, and return the events that a client is to be told.

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
    """Yield a job's events as text until it has ended, the reader goes, or the stream's time is up."""
    rhythm = streams.rhythm
    begun = told_at = time.monotonic()
    yield retry_after(COME_BACK_SECONDS)
    while not following.ended and streams.going and time.monotonic() - begun < rhythm.longest:
        try:
            texts = following.news()
        except DatabaseError as error:
            log.warning("a stream ends, to be taken up again: %s", error)
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
    if one.event == EPOCH:
        shown: msgspec.Struct = Epoch(**one.data)
    else:
        shown = JobEvent(one.event, one.attempt or 0, str(time_text(one.at)), dict(one.data))
    return server_sent_event(one.event, msgspec.json.encode(shown).decode(), str(one.cursor))
