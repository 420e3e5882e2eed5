"""The audit log in requests and answers."""

from typing import Annotated

import msgspec

from app.schemas.field_types import JsonObject, PageSize, PageToken, PlainText, Time, whole

Action = Annotated[str, whole(r"[a-z]+\.[a-z]+", "an action such as job.submitted", max_length=32)]


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines."""

    action: Action | None = None
    actor: PlainText | None = None
    page_size: PageSize = 50
    page_token: PageToken | None = None


class AuditLine(msgspec.Struct, frozen=True):
    """Who did what to what, and under which request."""

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
