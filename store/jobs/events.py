"""What happened to a job: an append-only log, written in the transaction in which it happened, and its epochs.

The log and the epochs have one order: an epoch comes after the event that was the job's last when it was stored. Events
of one job are numbered in the order of their commits, because each is written under the lock of the job's row.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Float, Integer, Select, cast, insert, literal, null, or_, select, union_all

from store.clock import UtcTime
from store.tables import epochs, job_events

EPOCH = "epoch"
FIGURES = ("learning_rate", "train_loss", "valid_loss", "valid_auc", "gradient_norm", "seconds", "dead_units")
INTERNAL = {"worker", "request"}  # what the log holds for this service's own use
CURSOR = r"[0-9]{1,18}\.[0-9]{1,9}"
"""How a cursor is written, as a regular expression."""


@dataclass(frozen=True)
class Cursor:
    """A place in what happened to a job: behind an event, and behind an epoch that came after that event.

    Example:
        >>> Cursor.parse("12.3"), str(Cursor(12, 3)), Cursor.parse("12")
        (Cursor(event_id=12, epoch=3), '12.3', None)
    """

    event_id: int = 0
    epoch: int = 0

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Read what `str` wrote; None where it did not."""
        return cls(*map(int, text.split("."))) if re.fullmatch(CURSOR, text) else None

    def __str__(self) -> str:
        """Write it for a client to send back."""
        return f"{self.event_id}.{self.epoch}"


@dataclass(frozen=True)
class StreamEvent:
    """One event, or one epoch; `attempt` and `at` are an event's, and an epoch's data are its columns."""

    cursor: Cursor
    event: str
    attempt: int | None
    at: datetime | None
    data: Mapping[str, Any]


def record(
    connection: Connection, job_id: str, event: str, token: int, data: Mapping[str, object] | None = None
) -> None:
    """Append one event."""
    connection.execute(insert(job_events).values(job_id=job_id, event=event, token=token, data=dict(data or {})))


def read_events_after(connection: Connection, job_id: str, cursor: Cursor, *, limit: int = 200) -> list[StreamEvent]:
    """Return the next events and epochs of a job, the first of them first.

    One statement, and so one moment: between two, an epoch and the event after it could change places.
    """
    events, reports = _events(job_id, cursor, limit).subquery(), _epochs(job_id, cursor, limit).subquery()
    both = union_all(select(events), select(reports)).order_by("event_id", "epoch").limit(limit)
    return [_stream_event(row._asdict()) for row in connection.execute(both)]


def _events(job_id: str, cursor: Cursor, limit: int) -> Select[Any]:
    log = job_events.c
    return (
        select(
            log.id.label("event_id"), literal(0).label("epoch"), log.event, log.token, log.at, log.data,
            cast(null(), Integer).label("retries"), *(cast(null(), Float).label(name) for name in FIGURES),
        )
        .where(log.job_id == job_id, log.id > cursor.event_id)
        .order_by(log.id)
        .limit(limit)
    )  # fmt: skip


def _epochs(job_id: str, cursor: Cursor, limit: int) -> Select[Any]:
    row = epochs.c
    later = or_(row.event_id > cursor.event_id, (row.event_id == cursor.event_id) & (row.epoch > cursor.epoch))
    return (
        select(
            row.event_id, row.epoch, literal(EPOCH).label("event"), cast(null(), Integer).label("token"),
            cast(null(), UtcTime).label("at"), row.layers.label("data"), row.retries, *(row[name] for name in FIGURES),
        )
        .where(row.job_id == job_id, later)
        .order_by(row.event_id, row.epoch)
        .limit(limit)
    )  # fmt: skip


def _stream_event(row: Mapping[str, Any]) -> StreamEvent:
    cursor = Cursor(row["event_id"], row["epoch"])
    if row["event"] != EPOCH:
        data = {name: value for name, value in row["data"].items() if name not in INTERNAL}
        return StreamEvent(cursor, row["event"], row["token"], row["at"], data)
    figures = {name: row[name] for name in ("epoch", *FIGURES, "retries")}
    return StreamEvent(cursor, EPOCH, None, None, {**figures, "layers": row["data"]})
