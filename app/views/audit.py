"""The audit log, for callers with the scope `admin`."""

from typing import Annotated

import msgspec
from flask import Response

from app.edge.responses import conditional, json_answer
from app.routing.route import Route
from app.schemas.field_types import JsonObject, PageSize, PageToken, PlainText, Time, time_text, whole
from app.services import Services
from store.audit import list_audit

Action = Annotated[str, whole(r"[a-z]+\.[a-z]+", "an action such as job.submitted", max_length=32)]


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines of the audit log to list."""

    action: Action | None = None
    actor: PlainText | None = None
    page_size: PageSize = 50
    page_token: PageToken | None = None


class AuditLine(msgspec.Struct, frozen=True):
    """One action: its actor, its subject and the request that caused it."""

    id: int
    at: Time
    actor: str
    action: str
    subject: str
    data: JsonObject
    request_id: str | None


class AuditPage(msgspec.Struct, frozen=True):
    """Some lines of the audit log, the latest first."""

    lines: list[AuditLine]
    next_page_token: str | None


def show_audit(services: Services, query: AuditQuery) -> Response:
    """List submissions, cancellations, uploads, alias moves, and keys created or revoked, the latest first."""
    with services.database.read() as connection:
        page = list_audit(
            connection,
            action=query.action,
            actor=query.actor,
            page_size=query.page_size,
            page_token=query.page_token,
        )
    lines = [
        AuditLine(row.id, str(time_text(row.at)), row.actor, row.action, row.subject, row.data, row.request_id)
        for row in page.rows
    ]
    return conditional(json_answer(AuditPage(lines, page.next_token)))


ROUTES = (Route("GET", "/v1/audit", show_audit, "admin", "Read the audit log", {200: AuditPage}, (422,), AuditQuery),)
