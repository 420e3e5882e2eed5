"""The deliveries of a webhook: what was sent when, with which outcome; and sending one again."""

from collections.abc import Sequence
from http import HTTPStatus as Status
from typing import Literal

import msgspec
from flask import Response

from app.edge.exchange import caller_name
from app.edge.responses import conditional, json_answer
from app.routing.route import Route
from app.schemas.field_types import JsonObject, PageSize, PageToken, Time, time_text
from app.services import Services
from app.views.webhooks import WEBHOOK
from store.database import Connection
from store.rows import WebhookAttemptRow, WebhookDeliveryRow
from store.webhooks.deliveries import get_delivery, list_attempts, list_deliveries, redeliver
from store.webhooks.subscriptions import get_webhook

DeliveryState = Literal["pending", "delivered", "failed"]


class DeliveryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which deliveries to list."""

    state: DeliveryState | None = None
    page_size: PageSize = 50
    page_token: PageToken | None = None


class DeliveryAttempt(msgspec.Struct, frozen=True):
    """One attempt; without seconds it is under way, or its worker was killed."""

    attempt: int
    at: Time
    seconds: float | None
    status: int | None
    error: str | None


class Delivery(msgspec.Struct, frozen=True):
    """A delivery: its id is the `webhook-id` of every attempt, its body what is signed and sent."""

    id: str
    event: str
    state: DeliveryState
    body: JsonObject
    attempts: list[DeliveryAttempt]
    next_attempt_at: Time | None
    created_at: Time
    ended_at: Time | None


class DeliveryPage(msgspec.Struct, frozen=True):
    """Some deliveries, the newest first."""

    deliveries: list[Delivery]
    next_page_token: str | None


def show_deliveries(services: Services, webhook_id: str, query: DeliveryQuery) -> Response:
    """List the deliveries of a webhook with their attempts, the newest first; those of the last 30 days are kept."""
    with services.database.read() as connection:
        get_webhook(connection, webhook_id)
        page = list_deliveries(
            connection, webhook_id, state=query.state, page_size=query.page_size, page_token=query.page_token
        )
        shown = _shown(connection, page.rows)
    return conditional(json_answer(DeliveryPage(shown, page.next_token)))


def redeliver_webhook(services: Services, webhook_id: str, delivery_id: str) -> Response:
    """Send a delivery again at once, under the same id, whether it was delivered or not."""
    by = caller_name()
    services.database.write(lambda connection: redeliver(connection, webhook_id, delivery_id, by=by))
    with services.database.read() as connection:
        (shown,) = _shown(connection, [get_delivery(connection, webhook_id, delivery_id)])
    return json_answer(shown, Status.ACCEPTED)


def _shown(connection: Connection, rows: Sequence[WebhookDeliveryRow]) -> list[Delivery]:
    attempts: dict[str, list[DeliveryAttempt]] = {row.id: [] for row in rows}
    for attempt in list_attempts(connection, list(attempts)):
        attempts[attempt.delivery_id].append(_to_attempt(attempt))
    return [_to_delivery(row, attempts[row.id]) for row in rows]


def _to_attempt(row: WebhookAttemptRow) -> DeliveryAttempt:
    return DeliveryAttempt(row.attempt, str(time_text(row.at)), row.seconds, row.status, row.error)


def _to_delivery(row: WebhookDeliveryRow, attempts: list[DeliveryAttempt]) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event,
        state=msgspec.convert(row.state, DeliveryState),
        body=msgspec.json.decode(row.body),
        attempts=attempts,
        next_attempt_at=time_text(row.next_at) if row.ended_at is None else None,
        created_at=str(time_text(row.created_at)),
        ended_at=time_text(row.ended_at),
    )


ROUTES = (
    Route(
        "GET",
        f"{WEBHOOK}/deliveries",
        show_deliveries,
        "admin",
        "List a webhook's deliveries",
        {200: DeliveryPage},
        (404, 422),
        DeliveryQuery,
    ),
    Route(
        "POST",
        f"{WEBHOOK}/deliveries/{{delivery_id}}/redeliver",
        redeliver_webhook,
        "admin",
        "Send a delivery again",
        {202: Delivery},
        (404,),
    ),
)
