"""Field types that several schemas share."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from model.limits import NAME_CHARACTERS
from model.names import DATA_PATTERN, LABEL_PATTERN, LABEL_RULE, RULE

SLUG = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

NO_NEWLINE = r"(?!\n)"
"""Refuses a final newline, before which Python's `$` matches too; JSON Schema's `$` does not."""


def whole(pattern: str, description: str, **more: Any) -> Meta:
    r"""Return the condition that a whole text matches a pattern; alternatives must be in a group.

    Example:
        >>> Word = Annotated[str, whole("[a-z]+", "small letters")]
        >>> msgspec.convert("abc", Word)
        'abc'
        >>> msgspec.convert("abc\n", Word)
        Traceback (most recent call last):
        msgspec.ValidationError: Expected `str` matching regex '^[a-z]+$(?!\\n)'
    """
    return Meta(pattern=f"^{pattern}${NO_NEWLINE}", description=description, **more)


def published(pattern: str, description: str, **more: Any) -> Meta:
    """Return a condition for the OpenAPI document only: other code checks it, and has its own error."""
    return Meta(extra_json_schema={"pattern": f"^{pattern}$"}, description=description, **more)


def several(names: Iterable[str]) -> Meta:
    """Return the condition that a text lists some of these names, separated by commas."""
    names = tuple(names)
    one = "|".join(map(re.escape, names))
    return whole(f"(?:{one})(?:,(?:{one}))*", f"some of {', '.join(names)}, with commas between them")


Slug = Annotated[str, whole(SLUG, "letters, digits, '.', '_' and '-', at most 100", max_length=100)]
Uuid = Annotated[str, whole(UUID, "a UUIDv7")]
DatasetRef = Annotated[
    str,
    whole(
        LABEL_PATTERN, "the id of a dataset, or its name if no other stored one has it", min_length=1, max_length=100
    ),
]
PlainText = Annotated[str, whole(LABEL_PATTERN, f"text {LABEL_RULE}", max_length=100)]
ColumnName = Annotated[str, whole(DATA_PATTERN, f"text {RULE}", min_length=1, max_length=NAME_CHARACTERS)]
PageSize = Annotated[int, Meta(ge=1, le=1000)]
PageToken = Annotated[
    str, published("[A-Za-z0-9_-]+", "next_page_token of the page before", min_length=1, max_length=1000)
]
VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="RFC 3339, UTC")]
JsonObject = dict[str, Any]  # msgspec has no schema for object
CELLS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
OwnRecord = Annotated[Any, Meta(extra_json_schema=CELLS)]  # another type is an error of that record alone


def time_text(moment: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC.

    Example:
        >>> time_text(datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC))
        '2026-01-02T03:04:05.600000Z'
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route without query parameters."""


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page of a list."""

    page_size: PageSize = 50
    page_token: PageToken | None = None
