"""Webhooks: signed messages to other systems when a job ends or an alias moves."""

import hashlib
from http import HTTPStatus as Status
from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta

from app.edge.exchange import caller_name, owner
from app.edge.idempotency import UPLOAD_KEY, answer_once
from app.edge.responses import conditional, json_answer, no_content
from app.errors import InputError
from app.routing.route import LOCATION, Route
from app.schemas.field_types import PageQuery, Slug, Time, time_text
from app.services import Services
from model.errors import Problem
from store.rows import WebhookRow
from store.webhooks.addresses import address_problem
from store.webhooks.announce import WEBHOOK_EVENTS, WebhookEvent
from store.webhooks.subscriptions import Subscription, add_webhook, get_webhook, list_webhooks
from store.webhooks.subscriptions import delete_webhook as remove_webhook

WEBHOOK = "/v1/webhooks/{webhook_id}"

WebhookUrl = Annotated[
    str,
    Meta(max_length=2000, description="where to send; https, and of the public internet unless the settings allow it"),
    Meta(extra_json_schema={"format": "uri"}),
]
Events = Annotated[list[WebhookEvent], Meta(min_length=1, max_length=len(WEBHOOK_EVENTS))]


class WebhookRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to send which events; without a model, those of all models."""

    url: WebhookUrl
    events: Annotated[Events, Meta(description="all by default")] | None = None
    model: Slug | None = None


class Webhook(msgspec.Struct, frozen=True):
    """A webhook; its secret is shown only when it is made."""

    id: str
    url: str
    events: list[WebhookEvent]
    model: str | None
    created_at: Time


class NewWebhook(msgspec.Struct, frozen=True):
    """A new webhook with its secret, which signs every delivery and is not shown again."""

    id: str
    url: str
    events: list[WebhookEvent]
    model: str | None
    created_at: Time
    secret: str


class WebhookPage(msgspec.Struct, frozen=True):
    """Some webhooks, the newest first."""

    webhooks: list[Webhook]
    next_page_token: str | None


def create_webhook(services: Services, body: WebhookRequest) -> Response:
    """Make a webhook. The secret in the answer signs its deliveries and is not shown again.

    Deliveries follow Standard Webhooks: a receiver verifies `webhook-signature` with the secret, answers with 2xx, and
    ignores a `webhook-id` that it has seen.
    """
    if (problem := address_problem(body.url, services.settings.webhook_hosts)) is not None:
        raise InputError.of([Problem("/url", "address", problem)])
    digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
    return answer_once(services.database, digest, lambda: _add(services, body))


def _add(services: Services, body: WebhookRequest) -> Response:
    new = Subscription(body.url, list(dict.fromkeys(body.events or WEBHOOK_EVENTS)), body.model, owner())
    services.database.write(lambda connection: add_webhook(connection, new))
    with services.database.read() as connection:
        shown = to_webhook(get_webhook(connection, new.webhook_id))
    answer = json_answer(NewWebhook(**msgspec.structs.asdict(shown), secret=new.secret), Status.CREATED)
    answer.headers["Location"] = f"/v1/webhooks/{new.webhook_id}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def show_webhooks(services: Services, query: PageQuery) -> Response:
    """List the webhooks, the newest first."""
    with services.database.read() as connection:
        page = list_webhooks(connection, page_size=query.page_size, page_token=query.page_token)
    return conditional(json_answer(WebhookPage([to_webhook(row) for row in page.rows], page.next_token)))


def show_webhook(services: Services, webhook_id: str) -> Response:
    """Return a webhook, without its secret."""
    with services.database.read() as connection:
        row = get_webhook(connection, webhook_id)
    return conditional(json_answer(to_webhook(row)))


def delete_webhook(services: Services, webhook_id: str) -> Response:
    """Delete a webhook with its deliveries; deleting it again changes nothing."""
    by = caller_name()
    services.database.write(lambda connection: remove_webhook(connection, webhook_id, by=by))
    return no_content()


def to_webhook(row: WebhookRow) -> Webhook:
    """Return a row as the schema of a webhook."""
    return Webhook(row.id, row.url, row.events, row.model, str(time_text(row.created_at)))


ROUTES = (
    Route(
        "POST",
        "/v1/webhooks",
        create_webhook,
        "admin",
        "Make a webhook",
        {201: NewWebhook},
        (409, 413, 415, 422),
        body=WebhookRequest,
        headers=(UPLOAD_KEY,),
        answer_headers=(LOCATION,),
    ),
    Route("GET", "/v1/webhooks", show_webhooks, "admin", "List webhooks", {200: WebhookPage}, (422,), PageQuery),
    Route("GET", WEBHOOK, show_webhook, "admin", "Read a webhook", {200: Webhook}, (404,)),
    Route("DELETE", WEBHOOK, delete_webhook, "admin", "Delete a webhook", {204: None}, (404,)),
)
