"""The audit log: read by who may do everything, written by nobody here."""

from flask import Response

from app.edge.responses import conditional, json_answer, time_text
from app.routing.route import Route
from app.schemas.audit import AuditLine, AuditPage, AuditQuery
from app.server.services import Services
from store.audit import list_audit


def show_audit(services: Services, query: AuditQuery) -> Response:
    """Tell who submitted, cancelled, uploaded and moved, and who made and revoked keys; the latest first."""
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
