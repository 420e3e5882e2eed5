"""Pages of a list: at most `page_size` rows, and an opaque token for the next page."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select

from store.errors import PageTokenError
from store.rows import typed_row

T = TypeVar("T")

PAGE_BYTES = 4 * 1024**2
"""The most JSON in the rows of a page of several rows: the profile of one table may take 16 MiB."""

ONE_BY_ONE = {"stream_results": True, "max_row_buffer": 25}


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `next_token` is None on the last one."""

    rows: Sequence[T]
    next_token: str | None


def read_page(
    connection: Connection, row_type: type[T], query: Select[Any], page_size: int, key: Callable[[T], str]
) -> Page[T]:
    """Read rows until the page is full: `page_size` of them, or PAGE_BYTES of JSON; at least one row.

    The rows come one by one, so that only a few beyond the page are ever in memory.
    """
    page: list[T] = []
    size = 0
    with connection.execute(query.limit(page_size + 1).execution_options(**ONE_BY_ONE)) as rows:
        for row in rows:
            size += _json_bytes(row)
            if page and (len(page) == page_size or size > PAGE_BYTES):
                return Page(page, _token(key(page[-1])))
            page.append(typed_row(row_type, row))
    return Page(page, None)


def _json_bytes(row: Row[Any]) -> int:
    return sum(len(json.dumps(value)) for value in row if isinstance(value, dict | list))


def after_token(token: str, *, whole: bool = False) -> Any:
    """Return the key that a page token carries, as text or, with `whole`, as an integer.

    Raises: PageTokenError.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        # The decoder skips characters outside its alphabet, so the text is encoded again and compared.
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
