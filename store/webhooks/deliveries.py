"""Deliveries: claimed by a worker, attempted until the receiver accepts, and kept as a history.

A worker counts the attempt before it sends, in the transaction that claims the delivery. If it is killed, the delivery
is due again when the claim has lapsed: a receiver may get an event twice, under the same id, but gets it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from store.audit import record_action
from store.clock import now
from store.errors import NotFoundError
from store.pages import Page, after_token, read_page
from store.rows import WebhookAttemptRow, WebhookDeliveryRow, columns_of, read_all, read_first
from store.tables import webhook_attempts, webhook_deliveries, webhooks
from store.webhooks.announce import MOST_ATTEMPTS

AT_ONCE = 20
FACTOR = 4.0
LONGEST_WAIT = 12 * 3600.0
KEPT_SECONDS = 30 * 24 * 3600.0
LONGEST_ERROR = 500


@dataclass(frozen=True)
class Outgoing:
    """A claimed delivery: what to send where, and the number of the attempt."""

    id: str
    url: str
    secret: str
    body: str
    attempt: int


@dataclass(frozen=True)
class AttemptOutcome:
    """The outcome of an attempt: the status of an answer, or why there was none.

    Units: seconds.
    """

    seconds: float
    status: int | None = None
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver has accepted the delivery."""
        return self.status is not None and 200 <= self.status < 300


def claim_deliveries(connection: Connection, *, lapse_seconds: float, limit: int = AT_ONCE) -> list[Outgoing]:
    """Claim deliveries that are due, the longest due first, and count an attempt of each."""
    here = webhook_deliveries.c
    due = (
        select(here.id, here.body, here.attempts, webhooks.c.url, webhooks.c.secret)
        .join(webhooks, webhooks.c.id == here.webhook_id)
        .where(here.state == "pending", here.next_at <= now())
        .order_by(here.next_at)
        .limit(limit)
    )
    return [_outgoing(row) for row in connection.execute(due).all() if _claim(connection, row, lapse_seconds)]


def _claim(connection: Connection, row: Any, lapse_seconds: float) -> bool:
    """Claim a delivery, unless another worker was first."""
    here = webhook_deliveries.c
    claimed = (
        update(webhook_deliveries)
        .where(here.id == row.id, here.state == "pending", here.attempts == row.attempts)
        .values(attempts=here.attempts + 1, attempts_left=here.attempts_left - 1, next_at=now(lapse_seconds))
    )
    if connection.execute(claimed).rowcount == 0:
        return False
    connection.execute(insert(webhook_attempts).values(delivery_id=row.id, attempt=row.attempts + 1))
    return True


def _outgoing(row: Any) -> Outgoing:
    return Outgoing(row.id, row.url, row.secret, row.body, row.attempts + 1)


def record_outcome(connection: Connection, sent: Outgoing, outcome: AttemptOutcome, *, first_wait: float) -> None:
    """Store the outcome of an attempt; the next one follows later, unless the receiver accepted or none is left.

    An attempt that was overtaken by a later one still ends the delivery if the receiver accepted it.

    Units: first_wait in seconds; each later wait is FACTOR times as long.
    """
    error = None if outcome.error is None else outcome.error[:LONGEST_ERROR]
    connection.execute(
        update(webhook_attempts)
        .where(webhook_attempts.c.delivery_id == sent.id, webhook_attempts.c.attempt == sent.attempt)
        .values(seconds=outcome.seconds, status=outcome.status, error=error)
    )
    here = webhook_deliveries.c
    pending = update(webhook_deliveries).where(here.id == sent.id, here.state == "pending")
    if outcome.accepted:
        connection.execute(pending.values(state="delivered", ended_at=now()))
        return
    latest = pending.where(here.attempts == sent.attempt)
    if connection.execute(latest.where(here.attempts_left <= 0).values(state="failed", ended_at=now())).rowcount == 0:
        left = connection.execute(select(here.attempts_left).where(here.id == sent.id)).scalar_one_or_none()
        if left is not None:
            wait = min(first_wait * FACTOR ** (MOST_ATTEMPTS - left - 1), LONGEST_WAIT)
            connection.execute(latest.values(next_at=now(wait)))


def get_delivery(connection: Connection, webhook_id: str, delivery_id: str) -> WebhookDeliveryRow:
    """Return a delivery of this webhook.

    Raises: NotFoundError.
    """
    here = webhook_deliveries.c
    query = select(*columns_of(WebhookDeliveryRow, webhook_deliveries))
    row = read_first(connection, WebhookDeliveryRow, query.where(here.id == delivery_id, here.webhook_id == webhook_id))
    if row is None:
        raise NotFoundError(f"webhook {webhook_id} has no delivery {delivery_id}")
    return row


def list_deliveries(
    connection: Connection, webhook_id: str, *, state: str | None = None, page_size: int, page_token: str | None = None
) -> Page[WebhookDeliveryRow]:
    """Return a page of the webhook's deliveries, the newest first.

    Raises: PageTokenError.
    """
    here = webhook_deliveries.c
    query = select(*columns_of(WebhookDeliveryRow, webhook_deliveries)).where(here.webhook_id == webhook_id)
    if state is not None:
        query = query.where(here.state == state)
    if page_token is not None:
        query = query.where(here.id < after_token(page_token))
    return read_page(connection, WebhookDeliveryRow, query.order_by(here.id.desc()), page_size, lambda row: row.id)


def list_attempts(connection: Connection, delivery_ids: Sequence[str]) -> Sequence[WebhookAttemptRow]:
    """Return the attempts of these deliveries, the first one first."""
    here = webhook_attempts.c
    query = select(*columns_of(WebhookAttemptRow, webhook_attempts)).where(here.delivery_id.in_(delivery_ids))
    return read_all(connection, WebhookAttemptRow, query.order_by(here.delivery_id, here.attempt))


def redeliver(connection: Connection, webhook_id: str, delivery_id: str, *, by: str) -> None:
    """Send a delivery again at once, with all attempts; the receiver gets it under the same id.

    Raises: NotFoundError.
    """
    get_delivery(connection, webhook_id, delivery_id)
    again = {"state": "pending", "ended_at": None, "attempts_left": MOST_ATTEMPTS, "next_at": now()}
    connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id).values(**again))
    record_action(connection, "webhook.redelivered", webhook_id, by=by, data={"delivery": delivery_id})


def forget_deliveries(connection: Connection) -> None:
    """Remove the deliveries that ended more than 30 days ago."""
    here = webhook_deliveries.c
    old = select(here.id).where(here.ended_at < now(-KEPT_SECONDS))
    connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(old)))
    connection.execute(delete(webhook_deliveries).where(here.id.in_(old)))
