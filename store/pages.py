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
    return Page(rows[:page_size], _token(key(rows[page_size - 1])))


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
