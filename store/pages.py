"""Pages of a list: at most `page_size` rows, and an opaque token that names where the next page begins."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select

from store.errors import PageTokenError

PAGE_BYTES = 4 * 1024**2
"""The most JSON of a page's rows, but for its first: the description of a table may take 16 MiB, and a page 1,000."""

ONE_BY_ONE = {"stream_results": True, "max_row_buffer": 25}


@dataclass(frozen=True)
class Page:
    """Some rows of a list; `next_token` is None on the last page."""

    rows: Sequence[Row[Any]]
    next_token: str | None


def read_page(connection: Connection, query: Select[Any], page_size: int, key: Callable[[Row[Any]], str]) -> Page:
    """Read rows until the page is full: `page_size` of them, or PAGE_BYTES of JSON; one row at the least.

    The rows come one by one, so that no more than a few beyond the page are ever in memory.
    """
    page: list[Row[Any]] = []
    size = 0
    with connection.execute(query.limit(page_size + 1).execution_options(**ONE_BY_ONE)) as rows:
        for row in rows:
            size += _json_bytes(row)
            if page and (len(page) == page_size or size > PAGE_BYTES):
                return Page(page, _token(key(page[-1])))
            page.append(row)
    return Page(page, None)


def _json_bytes(row: Row[Any]) -> int:
    return sum(len(json.dumps(value)) for value in row if isinstance(value, dict | list))


def after_token(token: str, *, whole: bool = False) -> Any:
    """Return the key that a page token carries, as text or, with `whole`, as an integer.

    Raises: PageTokenError.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        # The decoder skips what is not in its alphabet; what does not read the same again is not ours.
        if token != _token(text) or not text.isprintable():
            raise ValueError("not canonical")
        if not whole:
            return text
        number = int(text)
        if str(number) != text or not 0 <= number < 2**31:  # beyond what a column holds
            raise ValueError("not a row's number")
        return number
    except (binascii.Error, ValueError):
        raise PageTokenError("this page_token is not one that this list gave out; start again without it") from None


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
