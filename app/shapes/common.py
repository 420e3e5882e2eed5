"""Types that several subjects share."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

SLUG = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PLAIN = r"[^\x00-\x1f\x7f]*"


def whole(pattern: str) -> str:
    r"""Have a pattern match whole texts only; `$` alone lets a last newline pass in Python, though not in JSON Schema.

    Example:
        >>> import re
        >>> [bool(re.search(whole("[a-z]+"), text)) for text in ("abc", "abc\n", "ab c")]
        [True, False, False]
    """
    return f"^(?:{pattern})$(?!\\n)"


def several(names: Iterable[str]) -> str:
    """Return the pattern of some of these names with commas between them.

    Example:
        >>> [bool(re.search(several(["a", "b"]), text)) for text in ("a", "b,a", "a,", "c")]
        [True, True, False, False]
    """
    one = "|".join(map(re.escape, names))
    return whole(f"(?:{one})(?:,(?:{one}))*")


Slug = Annotated[
    str, Meta(pattern=whole(SLUG), max_length=100, description="letters, digits, '.', '_' and '-', at most 100")
]
Uuid = Annotated[str, Meta(pattern=whole(UUID), description="a UUIDv7")]
PLAINLY = "text without control characters"
PlainText = Annotated[str, Meta(max_length=100, pattern=whole(PLAIN), description=PLAINLY)]
ColumnName = Annotated[str, Meta(min_length=1, max_length=256, pattern=whole(PLAIN), description=PLAINLY)]
PageSize = Annotated[int, Meta(ge=1, le=1000)]
PageToken = Annotated[str, Meta(min_length=1, max_length=1000, description="next_page_token of the page before")]
VersionNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, description="RFC 3339, UTC")]
JsonObject = dict[str, Any]  # msgspec has no schema for object
OwnRecord = Annotated[Any, Meta(extra_json_schema={"type": "object"})]  # what is no object is that record's error


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameter is known here."""


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of a list."""

    page_size: PageSize = 50
    page_token: PageToken | None = None
