"""Pages of a list: at most `page_size` rows and an opaque token that names where the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from store.errors import PageTokenError


@dataclass(frozen=True)
class Page:
    """Some rows of a list; `next_token` is None on the last page."""

    rows: Sequence[Row[Any]]
    next_token: str | None


def make_page(rows: Sequence[Row[Any]], page_size: int, key: Callable[[Row[Any]], str]) -> Page:
    """Cut a query's `page_size + 1` rows to a page; the row too many tells that another page follows."""
    if len(rows) <= page_size:
        return Page(rows, None)
    last = key(rows[page_size - 1])
    return Page(rows[:page_size], base64.urlsafe_b64encode(last.encode()).decode().rstrip("="))


def after_token(token: str, *, whole: bool = False) -> Any:
    """Return the key that a page token carries, as text or, with `whole`, as an integer.

    Raises: PageTokenError.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        if "\x00" in text:
            raise ValueError("NUL")
        return int(text) if whole else text
    except (binascii.Error, ValueError):
        raise PageTokenError(
            f"page_token {token!r} is not one that this list gave out; start again without it"
        ) from None
