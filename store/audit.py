"""The audit log: who trained, promoted, uploaded, cancelled, and created or revoked keys.

A line is written in the same transaction as its action. Triggers in the database refuse to change or remove a line.
"""

from collections.abc import Mapping
from contextvars import ContextVar

from sqlalchemy import Connection, insert, select

from store.pages import Page, after_token, read_page
from store.rows import AuditRow, columns_of
from store.tables import audit_log

LOCAL = "local"
"""The actor of a server that asks for no key."""

LONGEST_SUBJECT = 256

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the current request, if there is one; it links a line to the web server's log."""


def record_action(
    connection: Connection, action: str, subject: str, *, by: str, data: Mapping[str, object] | None = None
) -> None:
    """Add a line about an action of this transaction, which is written `noun.verb`."""
    connection.execute(
        insert(audit_log).values(
            actor=by or LOCAL,
            action=action,
            subject=subject[:LONGEST_SUBJECT],
            data=dict(data or {}),
            request_id=request_id.get(),
        )
    )


def list_audit(
    connection: Connection,
    *,
    action: str | None = None,
    actor: str | None = None,
    page_size: int,
    page_token: str | None = None,
) -> Page[AuditRow]:
    """Return a page of the log, the newest first.

    Raises: PageTokenError.
    """
    query = select(*columns_of(AuditRow, audit_log)).order_by(audit_log.c.id.desc())
    if action is not None:
        query = query.where(audit_log.c.action == action)
    if actor is not None:
        query = query.where(audit_log.c.actor == actor)
    if page_token is not None:
        query = query.where(audit_log.c.id < after_token(page_token, whole=True))
    return read_page(connection, AuditRow, query, page_size, lambda row: str(row.id))
