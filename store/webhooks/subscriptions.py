"""Subscriptions: the address to tell, the events, and the secret that signs them."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select

from store.audit import record_action
from store.errors import NotFoundError
from store.ids import new_id
from store.pages import Page, after_token, read_page
from store.rows import WebhookRow, columns_of, read_first
from store.tables import webhook_attempts, webhook_deliveries, webhooks

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    """Return a fresh secret, which is shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@dataclass(frozen=True)
class Subscription:
    """A subscription to make; without a model, to the events of all models.

    It carries its id, so that making it again after a COMMIT whose answer was lost makes no second one.
    """

    url: str
    events: Sequence[str]
    model: str | None
    owner: str
    secret: str = field(default_factory=new_secret, repr=False)
    webhook_id: str = field(default_factory=new_id)


def add_webhook(connection: Connection, subscription: Subscription) -> None:
    """Store the subscription."""
    if _find(connection, subscription.webhook_id) is not None:
        return
    values = {"url": subscription.url, "events": list(subscription.events), "model": subscription.model}
    private = {"owner": subscription.owner, "secret": subscription.secret}
    connection.execute(insert(webhooks).values(id=subscription.webhook_id, **values, **private))
    record_action(connection, "webhook.created", subscription.webhook_id, by=subscription.owner, data=values)


def get_webhook(connection: Connection, webhook_id: str) -> WebhookRow:
    """Return the subscription, without its secret.

    Raises: NotFoundError.
    """
    row = _find(connection, webhook_id)
    if row is None:
        raise NotFoundError(f"there is no webhook {webhook_id}")
    return row


def list_webhooks(connection: Connection, *, page_size: int, page_token: str | None = None) -> Page[WebhookRow]:
    """Return a page of the subscriptions, the newest first.

    Raises: PageTokenError.
    """
    query = select(*columns_of(WebhookRow, webhooks)).order_by(webhooks.c.id.desc())
    if page_token is not None:
        query = query.where(webhooks.c.id < after_token(page_token))
    return read_page(connection, WebhookRow, query, page_size, lambda row: row.id)


def delete_webhook(connection: Connection, webhook_id: str, *, by: str) -> None:
    """Delete the subscription with its deliveries; deleting it again changes nothing."""
    row = _find(connection, webhook_id)
    if row is None:
        return
    own = select(webhook_deliveries.c.id).where(webhook_deliveries.c.webhook_id == webhook_id)
    connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(own)))
    connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook_id == webhook_id))
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
    record_action(connection, "webhook.deleted", webhook_id, by=by, data={"url": row.url})


def _find(connection: Connection, webhook_id: str) -> WebhookRow | None:
    query = select(*columns_of(WebhookRow, webhooks)).where(webhooks.c.id == webhook_id)
    return read_first(connection, WebhookRow, query)
