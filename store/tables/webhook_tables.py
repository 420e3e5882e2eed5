"""Webhooks: who is told of what, and each delivery with its attempts."""

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from store.clock import UtcTime, now
from store.tables.base import Id, Json, Name, Serial, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    # The id of the API key that made it; empty on a server that asks for no key.
    Column("owner", String(100), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("events", Json, nullable=False),
    # NULL for the events of all models.
    Column("model", Name),
    # As it is, because signatures are made from it.
    Column("secret", String(100), nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("webhook_id", Id, ForeignKey("webhooks.id"), nullable=False),
    Column("event", String(32), nullable=False),
    # The bytes that are signed and sent, in every attempt.
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False, default="pending"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("attempts_left", Integer, nullable=False),
    # When the next attempt is due; while one is under way, when it counts as lost.
    Column("next_at", UtcTime, nullable=False, default=now()),
    Column("created_at", UtcTime, nullable=False, default=now()),
    Column("ended_at", UtcTime),
    CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ended_has_time"),
    Index(None, "state", "next_at"),
    Index(None, "webhook_id", "id"),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("delivery_id", Id, ForeignKey("webhook_deliveries.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", UtcTime, nullable=False, default=now()),
    # NULL until the attempt has ended, and for ever if its worker was killed.
    Column("seconds", Float),
    # The status of the answer; NULL without one.
    Column("status", Integer),
    Column("error", String(500)),
    Index(None, "delivery_id", "attempt"),
)
