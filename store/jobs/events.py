"""The events of a job: an append-only log, each written in the transaction of its change; and its event stream.

The stream merges events and epochs into one order: an epoch follows the event that was the job's last when the epoch
was stored. Events of one job are numbered in the order of their commits, because each is written under the lock of
the job's row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, cast, insert, literal, null, or_, select, union_all

from store.clock import UtcTime
from store.job_states import FINISHED
from store.jobs.epoch import FIGURES, Epoch
from store.tables import epochs, job_events
from store.webhooks.announce import announce_job

EPOCH = "epoch"
STREAMED = [name for name in FIGURES if name != "epoch"]
INTERNAL = {"worker", "request"}  # data for this service's own use, which clients do not see
CURSOR = r"[0-9]{1,18}\.[0-9]{1,9}"
"""The regular expression of a cursor's text."""


@dataclass(frozen=True)
class Cursor:
    """A position in a job's event stream: after an event, and after an epoch that follows that event.

    Example:
        >>> Cursor.parse("12.3"), str(Cursor(12, 3)), Cursor.parse("12")
        (Cursor(event_id=12, epoch=3), '12.3', None)
    """

    event_id: int = 0
    epoch: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Parse a cursor's text; return None where it is none."""
        return cls(*map(int, text.split("."))) if re.fullmatch(CURSOR, text) else None

    def __str__(self) -> str:
        """Return the text that a client sends back."""
        return f"{self.event_id}.{self.epoch}"


@dataclass(frozen=True)
class StreamEvent:
    """An event of a job, with its attempt and time, or an epoch, whose `event` is EPOCH."""

    cursor: Cursor
    event: str
    attempt: int | None
    at: datetime | None
    data: Epoch | Mapping[str, Any]


def record_event(
    connection: Connection, job_id: str, event: str, token: int, data: Mapping[str, object] | None = None
) -> None:
    """Append one event; that the job has ended is announced to webhooks as well."""
    connection.execute(insert(job_events).values(job_id=job_id, event=event, token=token, data=dict(data or {})))
    if event in FINISHED:
        announce_job(connection, job_id)


def read_events_after(connection: Connection, job_id: str, cursor: Cursor, *, limit: int = 200) -> list[StreamEvent]:
    """Return the next events and epochs of a job, the oldest first.

    One statement reads one snapshot: with two, an epoch and the event after it could change places.
    """
    events, reports = _events(job_id, cursor, limit).subquery(), _epochs(job_id, cursor, limit).subquery()
    both = union_all(select(events), select(reports)).order_by("event_id", "epoch").limit(limit)
    return [_stream_event(row._asdict()) for row in connection.execute(both)]


def _events(job_id: str, cursor: Cursor, limit: int) -> Select[Any]:
    log = job_events.c
    empty = [cast(null(), epochs.c[name].type).label(name) for name in STREAMED]
    return (
        select(log.id.label("event_id"), literal(0).label("epoch"), log.event, log.token, log.at, log.data, *empty)
        .where(log.job_id == job_id, log.id > cursor.event_id)
        .order_by(log.id)
        .limit(limit)
    )


def _epochs(job_id: str, cursor: Cursor, limit: int) -> Select[Any]:
    row = epochs.c
    later = or_(row.event_id > cursor.event_id, (row.event_id == cursor.event_id) & (row.epoch > cursor.epoch))
    token, at = cast(null(), Integer).label("token"), cast(null(), UtcTime).label("at")
    figures = [row[name] for name in STREAMED]
    return (
        select(row.event_id, row.epoch, literal(EPOCH).label("event"), token, at, row.layers.label("data"), *figures)
        .where(row.job_id == job_id, later)
        .order_by(row.event_id, row.epoch)
        .limit(limit)
    )


def _stream_event(row: Mapping[str, Any]) -> StreamEvent:
    cursor = Cursor(row["event_id"], row["epoch"])
    if row["event"] == EPOCH:
        figures = {name: row[name] for name in STREAMED}
        return StreamEvent(cursor, EPOCH, None, None, Epoch(**figures, epoch=row["epoch"], layers=row["data"]))
    data = {name: value for name, value in row["data"].items() if name not in INTERNAL}
    return StreamEvent(cursor, row["event"], row["token"], row["at"], data)
